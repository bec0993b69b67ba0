import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Outcome, runCommand } from "./harness/command.js";
import { program, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { DOCUMENTS } from "./harness/test-driver-documents.js";
import { SCRIPTS } from "./harness/test-driver-scripts.js";
import { withFiles } from "./harness/with-peer.js";

const VIRSH = [await program("virsh")];
const MARK = "=== next ===";

/** All that virsh prints, errors included, command by command. One process runs them all: libvirt's driver lives in it. */
async function transcript(uri: string, commands: readonly string[], paths: Record<string, string>): Promise<string[]> {
  const folder = dirname(paths.network ?? "");
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

for (const [topic, script] of Object.entries(SCRIPTS)) {
  testWith(`virsh hears the same of libvirt's test driver and ours: ${topic}`, VIRSH, async (t) => {
    const commands = script.trim().split("\n");
    await withFiles(DOCUMENTS, async (paths) => {
      const theirs = await transcript("test:///default", commands, paths);
      const ours = await withPolyvisord((daemon) => transcript(daemon.uri("test"), commands, paths));
      t.deepEqual(ours, theirs);
    });
  });
}
