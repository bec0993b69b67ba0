// Guests of polyvisord and of a libvirtd share files, in any order, and each of them and polyvisord is killed now and then:
// the count on a file is that of the guests who run, and in the end each file belongs to whom it belonged.
import { execFile } from "node:child_process";
import { chmod, chown, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { bootTime } from "@polyvisor/sdk/labels";
import { openSystemHost, startSystemLibvirtd } from "@polyvisor/sdk/testkit";
import { KilledDaemon } from "../kill/daemon.mjs";

const run = promisify(execFile);
const PATIENCE = 120_000;
/** Two guests of each manager; the disk of the second is the same for both, and so one at a time has it. */
const GUESTS = { ours1: "a", ours2: "shared", theirs1: "b", theirs2: "shared" };

/** Answers what is wrong after each of `steps`; `random` gives numbers below 1. */
export async function walkWithTwoManagers({ root, steps, random, log }) {
  const files = join(root, "images");
  await mkdir(files, { mode: 0o755 });
  await chmod(root, 0o755);
  await mkdir(join(root, "etc/libvirt"), { recursive: true });
  await writeFile(join(root, "etc/libvirt/polyvisord.conf"), 'security_drivers = [ "security-dac" ]\n');
  const kernel = await makeFile(files, "kernel");
  const disks = {
    a: await makeFile(files, "a"),
    b: await makeFile(files, "b"),
    shared: await makeFile(files, "shared"),
  };
  const place = await openSystemHost();
  const daemon = new KilledDaemon(root, []);
  try {
    await writeFile(place.path("/run/utmp"), bootRecord(await bootTime()));
    const libvirtd = await startSystemLibvirtd({ host: place });
    await daemon.start();
    const walk = new Walk({ root, daemon, libvirtd, kernel, disks, random });
    await walk.define();
    for (let step = 1; step <= steps; step++) {
      const wrong = await walk.step();
      if (wrong.length > 0) return [...wrong, `after ${walk.history.slice(-20).join(", ")}`];
      if (step % 20 === 0) log(`${step} steps`);
    }
    const wrong = await walk.finish();
    return wrong.length === 0 ? [] : [...wrong, `after ${walk.history.slice(-20).join(", ")}`];
  } finally {
    await daemon.end("SIGTERM");
    await place.close();
  }
}

class Walk {
  history = [];
  #running = new Set();
  #at;

  constructor(at) {
    this.#at = at;
  }

  async define() {
    for (const [name, disk] of Object.entries(GUESTS)) {
      const file = join(this.#at.root, `${name}.xml`);
      await writeFile(file, guestXml(name, this.#at.disks[disk], this.#at.kernel));
      await this.#virsh(name, "define", file);
    }
  }

  /** Does something, and looks at all files once it is done. */
  async step() {
    const { random, daemon } = this.#at;
    const names = Object.keys(GUESTS);
    const name = names[Math.floor(random() * names.length)];
    if (this.#running.has(name)) await this.#stop(name, random());
    else await this.#start(name);
    if (random() < 0.1) {
      this.history.push("daemon killed");
      await daemon.end("SIGKILL");
      await daemon.start();
    }
    return this.#wrong();
  }

  async finish() {
    for (const name of [...this.#running]) await this.#stop(name, 1);
    return this.#wrong();
  }

  /** libvirtd 9.0 takes a guest that fails to start off twice, also from guests of its own: it is spared that. */
  async #start(name) {
    const taken = Object.keys(GUESTS).some((other) => GUESTS[other] === GUESTS[name] && this.#running.has(other));
    if (taken && name.startsWith("theirs")) return;
    const { ok, words } = await this.#virsh(name, "start", name);
    this.history.push(`${name} ${ok ? "starts" : "does not start"}`);
    if (ok) this.#running.add(name);
    if (ok === taken) throw new Error(`${name} ${ok ? "starts, though its disk is taken" : words}`);
  }

  async #stop(name, how) {
    this.#running.delete(name);
    if (how < 0.3 && name.startsWith("ours")) {
      this.history.push(`${name}'s emulator is killed`);
      process.kill(Number(await readFile(join(this.#at.root, `run/libvirt/qemu/${name}.pid`), "utf8")), "SIGKILL");
    } else {
      this.history.push(`${name} is destroyed`);
      await this.#virsh(name, "destroy", name);
    }
    await until(async () => (await this.#virsh(name, "domstate", name)).words === "shut off");
  }

  /** libvirtd may take a moment longer than its answer. */
  async #wrong() {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const wrong = await this.#lookOnce();
      if (wrong.length === 0 || Date.now() > deadline) return wrong;
      await delay(100);
    }
  }

  async #lookOnce() {
    const users = (disk) =>
      Object.keys(GUESTS).filter((name) => this.#running.has(name) && (disk ?? GUESTS[name]) === GUESTS[name]).length;
    const { kernel, disks } = this.#at;
    const wanted = [[kernel, users()], ...Object.entries(disks).map(([name, path]) => [path, users(name)])];
    const found = await Promise.all(wanted.map(([path]) => countOf(path)));
    return wanted.flatMap(([path, count], at) => (found[at] === count ? [] : [`${path}: ${found[at]}, not ${count}`]));
  }

  async #virsh(name, ...words) {
    const { daemon, libvirtd } = this.#at;
    const socket = name.startsWith("ours") ? daemon.socket : libvirtd.socket;
    const uri = `qemu+unix:///system?socket=${socket}`;
    return run("virsh", ["-q", "-c", uri, ...words]).then(
      ({ stdout }) => ({ ok: true, words: stdout.trim() }),
      ({ stderr }) => ({ ok: false, words: stderr.trim() }),
    );
  }
}

/** How many guests are counted on a file; what is odd about it, in words. */
async function countOf(path) {
  const { uid, gid } = await stat(path);
  const { stdout } = await run("getfattr", ["-d", "-m", "^trusted", "--absolute-names", "--", path]);
  const isFree = uid === 1000 && gid === 1001;
  if (stdout === "") return isFree ? 0 : `${uid}:${gid}, and nothing is remembered`;
  const count = /ref_dac="(\d+)"/.exec(stdout)?.[1];
  if (isFree || !stdout.includes('security.dac="+1000:+1001"')) return `${uid}:${gid} with ${stdout}`;
  return Number(count);
}

async function makeFile(folder, name) {
  const path = join(folder, name);
  await writeFile(path, Buffer.alloc(1 << 20), { mode: 0o600 });
  await chown(path, 1000, 1001);
  return path;
}

async function until(isSo) {
  const deadline = Date.now() + PATIENCE;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error("it does not come to be");
    await delay(50);
  }
}

function bootRecord(seconds) {
  const record = Buffer.alloc(384);
  record.writeInt16LE(2, 0);
  record.writeInt32LE(seconds, 340);
  return record;
}

function guestXml(name, disk, kernel) {
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type><kernel>${kernel}</kernel></os>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
  <disk type='file'><driver name='qemu' type='raw'/><source file='${disk}'/><target dev='hda' bus='ide'/></disk>
  <controller type='usb' model='none'/><memballoon model='none'/></devices></domain>`;
}
