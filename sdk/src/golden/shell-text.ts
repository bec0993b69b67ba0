import { plainShellWord } from "../process/shell-word.js";

/** A command as libvirt prints it for a shell: a line for each variable and option. */
export function shellText(env: Readonly<Record<string, string>>, argv: readonly string[]): string {
  const [program = "", ...args] = argv;
  const lastOption = args.findLastIndex((arg) => arg.startsWith("-"));
  const variables = Object.entries(env).map(([name, value]) => `${name}=${plainShellWord(value)} \\\n`);
  let hadOption = false;
  const words = args.map((arg, at) => {
    const isOption = arg.startsWith("-");
    // What follows the last option stands on lines of its own.
    const continues = !isOption && hadOption && at - 1 <= lastOption;
    hadOption ||= isOption;
    return `${continues ? " " : " \\\n"}${plainShellWord(arg)}`;
  });
  return `${variables.join("")}${plainShellWord(program)}${words.join("")}\n`;
}
