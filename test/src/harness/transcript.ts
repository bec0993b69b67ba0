import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Outcome, runCommand } from "./command.js";

const MARK = "=== next ===";

/**
 * All that virsh prints on one connection, errors included, command by command. `<NAME>` in a command stands for the path
 * of that name, `FOLDER` for the folder of the paths. One process runs all commands: libvirt's test driver lives in it.
 */
export async function transcript(
  uri: string,
  commands: readonly string[],
  paths: Readonly<Record<string, string>>,
): Promise<string[]> {
  const folder = dirname(Object.values(paths)[0] ?? "");
  const filled = commands.map((command) =>
    command.replaceAll("FOLDER", folder).replace(/<(\w+)>/g, (whole, name: string) => paths[name] ?? whole),
  );
  const script = join(folder, "script");
  await writeFile(script, filled.map((command) => `${command}; echo '${MARK}'`).join("; "));
  const run = 'exec virsh -c "$0" "$(cat "$1")" 2>&1';
  const parts = await printed(() => runCommand("sh", ["-c", run, uri, script], { timeout: 5000 }), commands.length);
  return commands.map((command, index) => `${command}\n${normalised(parts[index] ?? "")}`);
}

/** With libvirt's driver inside, virsh sometimes hangs in the thread that watches a save; then it is asked again. */
async function printed(run: () => Promise<Outcome>, count: number): Promise<string[]> {
  for (let attempt = 1; ; attempt++) {
    const parts = (await run()).stdout.split(`${MARK}\n`);
    // The mark behind the last command tells that this one, too, came to its end.
    if (parts.length === count + 1 || attempt === 8) return parts;
  }
}

function normalised(text: string): string {
  return text.trimEnd().replace(/^CPU time:.*$/gm, "CPU time: N");
}
