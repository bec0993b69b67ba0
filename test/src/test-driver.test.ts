import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./harness/command.js";
import { program, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { DOCUMENTS } from "./harness/test-driver-documents.js";
import { SCRIPTS } from "./harness/test-driver-scripts.js";
import { withFiles } from "./harness/with-peer.js";

const VIRSH = [await program("virsh")];
const MARK = "=== next ===";

/** All that virsh prints, errors included, command by command. One process runs them all: libvirt's driver lives in it. */
async function transcript(uri: string, commands: readonly string[], paths: Record<string, string>): Promise<string[]> {
  const filled = commands.map((command) => command.replace(/<(\w+)>/g, (_, name: string) => paths[name] ?? name));
  const script = join(paths.network ?? "", "..", "script");
  await writeFile(script, filled.join(`; echo '${MARK}'; `));
  const run = 'exec virsh -c "$0" "$(cat "$1")" 2>&1';
  const { stdout } = await runCommand("sh", ["-c", run, uri, script]);
  const parts = stdout.split(`${MARK}\n`);
  return commands.map((command, index) => `${command}\n${parts[index]?.trimEnd()}`);
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
