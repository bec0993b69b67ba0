import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOf } from "./harness/command.js";
import { EventRecorder } from "./harness/event-recorder.js";
import { makePlugImages, PLUG_DEVICES, PLUG_GUEST, PLUG_STEPS } from "./harness/hotplug-steps.js";
import { movableXml } from "./harness/movable-disk.js";
import { binding, type Need, networkNamespaces, program, testWith } from "./harness/needs.js";
import { ourDaemon, type Peer, realLibvirtd } from "./harness/peer.js";
import { clientProgram, PYTHON } from "./harness/project.js";
import { OWNER, ownerOf, ServiceDaemon } from "./harness/service-daemon.js";
import { Virsh } from "./harness/virsh.js";
import { withPeer } from "./harness/with-peer.js";

const root: Need = { name: "only root may give files away", met: process.getuid?.() === 0, kind: "kernel" };
const PROGRAMS = ["virsh", "qemu-system-x86_64", "flock", "setpriv"];
const NEEDS = [...(await Promise.all(PROGRAMS.map(program))), await networkNamespaces(), await binding(PYTHON), root];

const SIDE_BY_SIDE = await Promise.all(["libvirtd", "virsh", "stdbuf", "qemu-img", "qemu-system-x86_64"].map(program));

/** How often a disk moves; the soak does it more often. */
const MOVES = 20;

testWith("whoever hears that a disk is gone finds its file and its lease free at once", NEEDS, async (t) => {
  const daemon = await ServiceDaemon.make("");
  try {
    await daemon.start();
    const { virsh } = daemon;
    for (const name of ["one", "two"]) {
      await virsh.define(movableXml(name));
      await virsh.ok("start", name);
    }
    const image = join(daemon.root, "moved.img");
    await writeFile(image, Buffer.alloc(1 << 20), { mode: 0o600 });
    const said = await outputOf(PYTHON, [clientProgram("moved-disk.py"), virsh.uri, image, String(MOVES)]);
    t.is(said.trim(), `moved ${MOVES} times`);
    t.is(await ownerOf(image), OWNER);
    await virsh.ok("destroy", "one");
    await virsh.ok("destroy", "two");
    t.is(await ownerOf(image), "0:0");
    await rm(image);
    t.deepEqual(await daemon.belongings(), []);
  } finally {
    await daemon.dispose();
  }
});

/** What two daemons of one machine may say differently. */
function normalised(text: string, peer: Peer): string {
  return text
    .replaceAll(peer.folder, "FOLDER")
    .replace(/FOLDER\/[^'"]*?domain-\d+-g/g, "GUEST")
    .replace(/ *<(seclabel|resource)\b[^>]*>[\s\S]*?<\/\1>\n/g, "")
    .replace(/ *<seclabel [^>]*\/>\n/g, "")
    .replace(/<domain type='qemu' id='\d+'/, "<domain type='qemu' id='N'");
}

/** What virsh prints, step by step, with both documents before each; then the events of devices. */
async function plugged(peer: Peer, images: string): Promise<string[]> {
  const virsh = new Virsh(peer.uri("qemu"));
  const events = await EventRecorder.start(virsh, "qemu");
  const told: string[] = [];
  let removed = 0;
  try {
    await virsh.define(PLUG_GUEST);
    await virsh.ok("start", "g");
    for (const step of [...PLUG_STEPS, "domstate g"]) {
      const command = step.replace(/@(\w+)/, `${images}/$1.xml`).replace("IMAGES", images);
      const { code, stdout, stderr } = await virsh.run(`dumpxml g; dumpxml g --inactive; ${command}`);
      told.push(`${step} -> ${code}\n${normalised(stdout + stderr, peer)}`);
      // The guest may let go of it when virsh has its answer.
      if (code === 0 && /^detach(?!.* --config)|^detach.* --live/.test(step))
        await events.wait("device-removed", ++removed);
    }
    await virsh.ok("destroy", "g");
    await events.wait("lifecycle", 4);
    return [...told, ...events.events.filter((line) => /'(device-|tray)/.test(line))];
  } finally {
    await events.stop();
  }
}

testWith(
  "devices come and go as with libvirtd: documents, complaints and events after each step",
  SIDE_BY_SIDE,
  async (t) => {
    const images = await mkdtemp(join(tmpdir(), "plug-"));
    try {
      await makePlugImages(images);
      for (const [name, xml] of Object.entries(PLUG_DEVICES)) {
        await writeFile(join(images, `${name}.xml`), xml.replace("IMAGES", images), { mode: 0o644 });
      }
      const theirs = await withPeer((peer) => plugged(peer, images), realLibvirtd);
      const ours = await withPeer((peer) => plugged(peer, images), ourDaemon);
      t.is(ours.length, theirs.length);
      for (const [at, told] of theirs.entries()) t.is(ours[at], told);
    } finally {
      await rm(images, { recursive: true });
    }
  },
);
