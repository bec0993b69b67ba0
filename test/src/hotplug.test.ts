import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { outputOf } from "./harness/command.js";
import { movableXml } from "./harness/movable-disk.js";
import { binding, type Need, networkNamespaces, program, testWith } from "./harness/needs.js";
import { clientProgram, PYTHON } from "./harness/project.js";
import { OWNER, ownerOf, ServiceDaemon } from "./harness/service-daemon.js";

const root: Need = { name: "only root may give files away", met: process.getuid?.() === 0, kind: "kernel" };
const PROGRAMS = ["virsh", "qemu-system-x86_64", "flock", "setpriv"];
const NEEDS = [...(await Promise.all(PROGRAMS.map(program))), await networkNamespaces(), await binding(PYTHON), root];

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
