// `npm run soak -- leases`: each pair of managers in every way, and a hundred guests at once whose two disks cross: half of
// them name {A, B}, the others {B, A}, and half are libvirtd's. Their labels change under locks on both files; nobody may be
// stuck, and in the end the files are whose they were.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runWhole } from "./lib/ava.mjs";

export const options = {
  guests: { type: "string", default: "100" },
  "no-pairs": { type: "boolean", default: false },
};

export const usage = `leases [--guests N] [--no-pairs]
  --guests    how many start together (default 100)
  --no-pairs  leaves out the pairs of managers`;

/** The longest that one start may take among so many, in milliseconds. */
const STUCK = 600_000;

/** @returns {Promise<import("./lib/report.mjs").Report>} */
export async function run({ values, log }) {
  const faults = [];
  const rows = [];
  if (!values["no-pairs"]) {
    const failed = await pairs();
    faults.push(...failed);
    rows.push({ what: "pairs", count: 8, seconds: "-", faults: failed.length });
  }
  rows.push(await crossed(Number(values.guests), log, faults));
  return { faults, rows, details: rows };
}

async function pairs() {
  const { passed, failed } = await runWhole(["test/dist/locks-pairs.test.js"]);
  return passed === 0 && failed.length === 0 ? ["the pairs of managers"] : failed;
}

async function crossed(count, log, faults) {
  const { openSystemHost, accepts, withinReason } = await import("../sdk/dist/testkit/index.js");
  const harness = await import("../test/dist/harness/lock-managers.js");
  const folder = await mkdtemp(join(tmpdir(), "crossed-"));
  const host = await openSystemHost();
  const managers = [];
  const begun = performance.now();
  try {
    await host.run(harness.LOCK_DAEMONS["polyvisor-lockd"]);
    const socket = harness.lockSocketOn(host);
    await withinReason("the lock daemon listens", () => accepts(socket));
    await chown(folder, 0, 0);
    await spawnOk("chmod", ["755", folder]);
    managers.push(
      await harness.polyvisordManager("ours", socket, host, { lines: 'security_drivers = [ "security-dac" ]\n' }),
      await harness.libvirtdManager("libvirtd", socket, host, { lines: 'security_driver = "none"\n' }),
    );
    const emulator = await harness.makeUnlockedEmulator(folder);
    const disks = ["a", "b"].map((name) => join(folder, `${name}.img`));
    for (const disk of disks) await writeFile(disk, Buffer.alloc(1 << 20), { mode: 0o600 });
    const before = await Promise.all(disks.map(ownerOf));
    const guests = Array.from({ length: count }, (_, index) => ({
      name: `crossed${index}`,
      manager: managers[index % 2],
      disks: index % 4 < 2 ? disks : disks.toReversed(),
    }));
    const outcomes = await Promise.all(guests.map((guest) => start(guest, emulator)));
    faults.push(...outcomes.flatMap((outcome) => outcome ?? []));
    log(`${count - outcomes.filter(Boolean).length} of ${count} guests run after ${seconds(begun)} s`);
    for (const { name, manager } of guests) await manager.virsh.run("destroy", name);
    const after = await Promise.all(disks.map(ownerOf));
    if (String(before) !== String(after)) faults.push(`the disks are ${after}, and were ${before}`);
    return { what: "crossed", count, seconds: seconds(begun), faults: faults.length };
  } finally {
    for (const manager of managers) await manager.close();
    await host.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Starts a paused guest. Resolves with what is wrong. */
async function start({ name, manager, disks }, emulator) {
  const timer = new Promise((resolve) => setTimeout(resolve, STUCK, "stuck").unref());
  const outcome = await Promise.race([
    manager.virsh.fromXml("create", xmlOf(name, disks, emulator), "--paused"),
    timer,
  ]);
  if (outcome === "stuck") return `${name} of ${manager.name} is stuck`;
  return outcome.code === 0
    ? undefined
    : `${name} of ${manager.name}: ${outcome.stderr.trim() || `ends with ${outcome.code ?? outcome.signal}`}`;
}

function xmlOf(name, disks, emulator) {
  const elements = disks.map(
    (disk, index) => `<disk type='file'><driver name='qemu' type='raw'/><source file='${disk}'/>
      <target dev='vd${"ab"[index]}' bus='virtio'/></disk>`,
  );
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>16</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices><emulator>${emulator}</emulator>${elements.join("")}
    <controller type='usb' model='none'/><memballoon model='none'/></devices></domain>`;
}

async function ownerOf(path) {
  const { uid, gid } = await stat(path);
  return `${uid}:${gid}`;
}

async function spawnOk(command, words) {
  const [code] = await once(spawn(command, words, { stdio: "inherit" }), "close");
  if (code !== 0) throw new Error(`${command} ends with ${code}`);
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(0);
}
