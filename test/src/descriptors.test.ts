import { readdir } from "node:fs/promises";
import { outputOf } from "./harness/command.js";
import { binding, hypervisor, program, testWith } from "./harness/needs.js";
import { ourDaemon, type Peer, realLibvirtd } from "./harness/peer.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { until } from "./harness/processes.js";
import { clientProgram, PYTHON } from "./harness/project.js";
import { withPeer } from "./harness/with-peer.js";

const NEEDS = [await binding(PYTHON), ...(await hypervisor())];
const [LIBVIRTD, VIRSH] = [await program("libvirtd"), await program("virsh")];

/** What the client hears of a daemon. */
function answersAt(uri: string): Promise<string> {
  return outputOf(PYTHON, [clientProgram("descriptors.py"), uri], { timeout: 150_000 });
}

function answersOf(start: () => Promise<Peer>): Promise<string> {
  return withPeer((peer) => answersAt(peer.uri("qemu")), start);
}

testWith("descriptors go both ways between libvirt's client and a guest, and none is left", NEEDS, (t) =>
  withPolyvisord(async (daemon) => {
    const openFiles = async () => (await readdir(`/proc/${daemon.pid}/fd`)).length;
    const answers = await answersAt(daemon.uri("qemu"));
    const [, login] = answers.match(/which says: \(b'RFB 003\.008\\n', \[1\], (.*)\)$/m) ?? [];
    t.is(login, "b'\\x00\\x00\\x00\\x00', b'QEMU (guest)'");
    t.is(answers.match(/disk has: True/g)?.length, 2);
    const before = await openFiles();
    t.is(await answersAt(daemon.uri("qemu")), answers);
    await until("all is closed", async () => (await openFiles()) <= before);
  }),
);

testWith("virsh gives files to a domain that starts", [VIRSH], (t) =>
  withPeer(async (peer) => {
    const start = "destroy test; start test --pass-fds 0,1,2; domstate test";
    t.regex(await outputOf("virsh", ["-c", peer.uri("test"), start]), /^Domain 'test' started\n\nrunning$/m);
  }),
);

testWith("descriptors pass through a daemon that fronts another one", NEEDS, (t) =>
  withPolyvisord((behind) =>
    withPolyvisord(async (front) => {
      const name = encodeURIComponent(behind.uri("qemu"));
      const answers = await answersAt(`qemu+unix:///?socket=${front.socket}&name=${name}`);
      t.is(answers, await answersAt(behind.uri("qemu")));
    }),
  ),
);

testWith("calls with descriptors answer as libvirtd does", [...NEEDS, LIBVIRTD], async (t) => {
  const [ours, theirs] = [await answersOf(ourDaemon), await answersOf(realLibvirtd)];
  t.deepEqual(ours.split("\n"), theirs.split("\n"));
});
