// `npm run soak -- unplug`: a disk moves between two guests as soon as one is told to have lost it, over and over; whoever
// hears of it looks at once whether its file, its labels and its lease are free.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../test/dist/harness/command.js";
import { movableXml } from "../test/dist/harness/movable-disk.js";
import { clientProgram, PYTHON } from "../test/dist/harness/project.js";
import { ownerOf, ServiceDaemon } from "../test/dist/harness/service-daemon.js";

export const options = { count: { type: "string", default: "1000" } };

export const usage = `unplug [--count N]
  --count  how often the disk moves (default 1000)`;

/** How long a move may take at most, on a busy machine, in milliseconds. */
const MOVE = 10_000;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, log }) {
  const count = Number(values.count);
  const daemon = await ServiceDaemon.make("");
  const faults = [];
  const began = Date.now();
  try {
    await daemon.start();
    const { virsh } = daemon;
    for (const name of ["one", "two"]) {
      await virsh.define(movableXml(name));
      await virsh.ok("start", name);
    }
    const image = join(daemon.root, "moved.img");
    await writeFile(image, Buffer.alloc(1 << 20), { mode: 0o600 });
    log(`${count} moves in ${daemon.root}`);
    const args = [clientProgram("moved-disk.py"), virsh.uri, image, String(count)];
    const { stdout, stderr } = await runCommand(PYTHON, args, { timeout: count * MOVE });
    if (stdout.trim() !== `moved ${count} times`) faults.push(`${stdout}${stderr}`.trim());
    for (const name of ["one", "two"]) await virsh.ok("destroy", name);
    const owner = await ownerOf(image);
    if (owner !== "0:0") faults.push(`the file belongs to ${owner} in the end`);
    await rm(image);
    faults.push(...(await daemon.belongings()).map((file) => `${file} is left over`));
  } finally {
    await daemon.dispose();
  }
  const rows = [{ moves: count, seconds: Math.round((Date.now() - began) / 1000) }];
  return { faults, rows, details: rows };
}
