// Domains of a real Xen: boots Xen and a dom0 of Debian's under QEMU's emulation, and drives it with a polyvisord outside (by
// ssh), with one in dom0 itself, and with the libvirtd that runs there: one script for virsh on the first and the last, and
// what the answers differ in. Whatever is done is looked at with dom0's own xl. `npm run rig:xen -- [WORDS]` runs the parts
// whose names have all the words, else all but the kit of drivers (`-- kit`), which takes hours where the machine is busy.
import { execFile, spawn } from "node:child_process";
import { access, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startPolyvisord } from "../test/dist/harness/polyvisord.js";
import { Dom0, placeOf } from "./rig-xen/dom0.mjs";
import { LONG_PARTS, PARTS } from "./rig-xen/parts.mjs";

const run = promisify(execFile);
const RIG = process.env.XEN_RIG ?? new URL("../../shared/rigs/xen/", import.meta.url).pathname;
const WORK = process.env.W ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "polyvisor-xen");
const PORT = Number(process.env.PORT ?? 2222);

async function isThere(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Builds what is not built yet, and boots what does not run yet; answers how it is ended. */
async function bootRig() {
  // Some cases of the kit start ten guests at once.
  const env = { MEM: "4096", ...process.env, W: WORK, PORT: String(PORT) };
  if (!(await isThere(join(WORK, "rootfs.img")))) {
    console.log("building the rig");
    await mkdir(WORK, { recursive: true });
    await run(join(RIG, "build.sh"), [], { env, maxBuffer: 1 << 26 });
  }
  const runs = await run(join(RIG, "sshx"), ["true"], { env }).then(
    () => true,
    () => false,
  );
  if (runs) return () => {};
  console.log("booting");
  const boot = spawn(join(RIG, "boot.sh"), [], { env: { ...env, WAIT: "2400" }, stdio: "inherit" });
  const status = await new Promise((resolve) => boot.once("close", resolve));
  if (status !== 0) throw new Error(`the rig did not boot; see ${WORK}/serial.log`);
  return async () => process.kill(Number(await readFile(join(WORK, "qemu.pid"), "utf8")));
}

if (!(await isThere(join(RIG, "boot.sh")))) {
  console.log(`the rig is not here: set XEN_RIG to the folder that has its build.sh and boot.sh (${RIG} is none)`);
  process.exit(0);
}
const words = process.argv.slice(2);
const parts = [...PARTS, ...(words.length === 0 ? [] : LONG_PARTS)].filter(([name]) =>
  words.every((word) => name.includes(word)),
);
const end = await bootRig();
const folder = await mkdtemp(join(tmpdir(), "rig-xen-"));
const reached = { key: join(WORK, "id"), port: PORT };
const daemon = await startPolyvisord([], { xen: `dom0 = "${placeOf(reached)}"\ntimeout = 120\n` });
// What a boot of this machine would take away.
const forget = () => rm(join(daemon.root, "run"), { recursive: true, force: true });
const dom0 = new Dom0(Object.assign(daemon, { forget }), { folder, ...reached });
let failed = 0;
try {
  for (const [name, part] of parts) {
    const began = performance.now();
    const problem = await part(dom0).then(
      () => undefined,
      (error) => error,
    );
    if (problem !== undefined) failed++;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`${problem === undefined ? "ok" : "NOT OK"} ${name} (${seconds} s)`);
    if (problem !== undefined) console.log(problem.stack ?? problem);
  }
} finally {
  await dom0.close();
  await daemon.dispose();
  await rm(folder, { recursive: true, force: true });
  if (process.env.KEEP === undefined) await end();
}
console.log(failed === 0 ? "all is well" : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
