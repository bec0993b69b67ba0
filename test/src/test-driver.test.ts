import { program, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { DOCUMENTS } from "./harness/test-driver-documents.js";
import { SCRIPTS } from "./harness/test-driver-scripts.js";
import { transcript } from "./harness/transcript.js";
import { withFiles } from "./harness/with-peer.js";

const VIRSH = [await program("virsh")];

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
