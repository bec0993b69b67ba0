import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

export interface Outcome {
  /** 128 when a signal ended the program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What the program reads; nothing by default. */
  readonly input?: string | Uint8Array;
  /** Milliseconds after which it is killed; 60 000 by default. */
  readonly timeout?: number;
}

/** Runs a program to its end and returns all that it wrote. Its messages are English. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...(options.env ?? process.env), LC_ALL: "C" },
      timeout: options.timeout ?? 60_000,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 128, stdout, stderr }));
    // A program that ends before it has read everything breaks the pipe; its exit code tells more.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

/** The standard output of a program that must succeed. */
export async function outputOf(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return succeeded(`${command} ${args.join(" ")}`, await runCommand(command, args, options));
}

/** The same of one that has run. */
export function succeeded(what: string, { code, stdout, stderr }: Outcome): string {
  if (code !== 0) throw new Error(`${what}: exit code ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** Whether a program is on the path, which for users other than root lacks the folders of the system's programs. */
export async function isInstalled(program: string): Promise<boolean> {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  const found = await Promise.all(folders.map((folder) => isExecutable(join(folder, program))));
  return found.includes(true);
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
