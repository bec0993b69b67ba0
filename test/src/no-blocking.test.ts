import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Domain, remoteProgram } from "@polyvisor/core";
import { RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import type { ExecutionContext } from "ava";
import { type Outcome, outputOf, runCommand } from "./harness/command.js";
import { idleXml } from "./harness/guest-xml.js";
import { program, testWith } from "./harness/needs.js";
import { type Polyvisord, withPolyvisord } from "./harness/polyvisord.js";
import { processesNaming, until } from "./harness/processes.js";
import { StallingMount, stallingMounts } from "./harness/stalling-mount.js";
import { Virsh } from "./harness/virsh.js";

const NEEDS = [await program("virsh"), await program("qemu-system-x86_64"), ...(await stallingMounts())];

/** Node does file calls in four threads: when that many hang, no other one is done. */
const MORE_THAN_THREADS = 6;

/**
 * What is not noticed, and what no call of another guest may take, in milliseconds. Whoever waited for the storage would do so
 * for ten seconds at least; a machine that does other work may take some.
 */
const UNNOTICED = 50;
const NEVER = 9_000;
/** Those who wait are told by then, in seconds, on such a machine, too. */
const TOLD = 90;
const TOLD_AT_ONCE = 20;

interface Places {
  /** Hangs, whatever is done there. */
  readonly lost: string;
  /** Hangs when a file is read, not when it is opened. */
  readonly unreadable: string;
  readonly fifo: string;
}

/** A call on a guest that its storage holds up: how it ends, and in how many seconds. */
interface Victim {
  readonly name: string;
  readonly xml: string;
  readonly command: (name: string) => readonly string[];
  readonly outcome: RegExp;
  readonly seconds: readonly [least: number, most: number];
}

let counter = 0;

interface Change {
  readonly os?: string;
  readonly devices?: string;
  readonly elements?: string;
}

function guest(name: string, change: Change = {}): string {
  const uuid = `b10c4ed0-0000-4000-8000-${String(counter++).padStart(12, "0")}`;
  return idleXml(name, "qemu", uuid, change.elements)
    .replace("</os>", `${change.os ?? ""}</os>`)
    .replace("</devices>", `${change.devices ?? ""}</devices>`);
}

const disk = (path: string) =>
  `<disk type='file'><driver name='qemu' type='raw'/><source file='${path}'/><target dev='vda' bus='virtio'/></disk>`;

function victimsOf({ lost, unreadable, fifo }: Places): Victim[] {
  const start = (name: string) => ["start", name];
  const hung = (path: string) => new RegExp(`storage did not answer within 30 s: '${path}'`);
  const startWith = (name: string, change: Change, outcome: RegExp, most = TOLD): Victim => ({
    name,
    xml: guest(name, change),
    command: start,
    outcome,
    seconds: [most > TOLD_AT_ONCE ? 25 : 0, most],
  });
  const kernel = (path: string, initrd = "") => ({ os: `<kernel>${path}</kernel>${initrd}` });
  const code = "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>";
  return [
    ...Array.from({ length: MORE_THAN_THREADS }, (_, index) =>
      startWith(`disk${index}`, { devices: disk(`${lost}/disk.img`) }, hung(`${lost}/disk.img`)),
    ),
    startWith("kernel", kernel(`${lost}/kernel`), hung(`${lost}/kernel`)),
    startWith("initrd", kernel("/boot/none", `<initrd>${lost}/initrd</initrd>`), hung(`/boot/none', '${lost}/initrd`)),
    startWith(
      "fifo-disk",
      { devices: disk(fifo) },
      new RegExp(`Cannot access storage file '${fifo}': It is a FIFO`),
      TOLD_AT_ONCE,
    ),
    startWith("fifo-kernel", kernel(fifo), new RegExp(`Cannot boot from '${fifo}': It is a FIFO`), TOLD_AT_ONCE),
    // Its open passes, so that the emulator itself hangs; the monitor's deadline is 60 s.
    startWith("slow", kernel(`${unreadable}/kernel`), /QEMU did not answer 'qmp_capabilities' within 60 s/, 60 + TOLD),
    {
      name: "vars",
      xml: guest("vars", { os: `${code}<nvram>${lost}/vars.fd</nvram>`, elements: "<features><acpi/></features>" }),
      command: (name) => ["undefine", name, "--nvram"],
      outcome: /did not answer within 10 s/,
      seconds: [9, TOLD],
    },
    {
      name: "runs",
      xml: guest("runs", { devices: disk(`${lost}/disk.img`) }),
      command: (name) => ["domstats", name, "--block", "--state"],
      // What takes no storage is told all the same.
      outcome: /state\.state=1\n(?![\s\S]*block\.0\.physical)/,
      seconds: [25, TOLD],
    },
  ];
}

/** virsh with the patience of a user. */
function patientVirsh(virsh: Virsh, args: readonly string[]): Promise<Outcome> {
  return runCommand("virsh", ["-c", virsh.uri, ...args], { timeout: 150_000 });
}

/** How long calls on a guest take whose storage is well, in milliseconds, until `stop`. */
class Neighbour {
  readonly #client: RpcClient;
  readonly #dom: Domain;
  readonly #watching: Promise<void>;
  #goesOn = true;
  #times: number[] = [];

  private constructor(client: RpcClient, dom: Domain) {
    this.#client = client;
    this.#dom = dom;
    this.#watching = this.#watch();
    // Looked at in the end; a test that has failed by then does not come to that.
    this.#watching.catch(() => {});
  }

  static async meet(daemon: Polyvisord, name: string): Promise<Neighbour> {
    const client = await RpcClient.connect(daemon.socket);
    const remote = stubsOf(client, remoteProgram);
    await remote.connectOpen({ name: "qemu:///system", flags: 0 });
    return new Neighbour(client, await remote.domainLookupByName({ name }));
  }

  /** The figures since the last report. */
  report(): { readonly median: number; readonly worst: number } {
    const times = this.#times.sort((a, b) => a - b);
    this.#times = [];
    return { median: times[times.length >> 1] ?? Infinity, worst: times.at(-1) ?? Infinity };
  }

  async stop(): Promise<void> {
    this.#goesOn = false;
    await this.#watching.finally(() => this.#client.close());
  }

  /** Calls that ask the emulator, read a definition's file, and write one. */
  async #watch(): Promise<void> {
    const remote = stubsOf(this.#client, remoteProgram);
    const dom = this.#dom;
    for (let turn = 0; this.#goesOn; turn++) {
      for (const call of [
        () => remote.domainSuspend({ dom }),
        () => remote.domainResume({ dom }),
        () => remote.domainGetXMLDesc({ dom, flags: 2 }),
        () => remote.domainSetAutostart({ dom, autostart: turn % 2 === 0 }),
      ]) {
        const begin = performance.now();
        await call();
        this.#times.push(performance.now() - begin);
        await delay(20);
      }
    }
  }
}

async function suffer(t: ExecutionContext, virsh: Virsh, { name, command, outcome, seconds }: Victim): Promise<void> {
  const begin = performance.now();
  const { stdout, stderr } = await patientVirsh(virsh, command(name));
  const took = (performance.now() - begin) / 1000;
  t.regex(stdout + stderr, outcome, name);
  t.true(took >= seconds[0] && took <= seconds[1], `${name}: after ${took} s`);
}

async function withStorage(body: (places: Places, mounts: readonly StallingMount[]) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "storage-"));
  const fifo = join(folder, "fifo");
  const mounts: StallingMount[] = [];
  try {
    for (const name of ["disk.img", "kernel", "initrd", "vars.fd"])
      await writeFile(join(folder, name), Buffer.alloc(1 << 20));
    for (let i = 0; i < 2; i++) mounts.push(await StallingMount.make(folder));
    await outputOf("mkfifo", [fifo]);
    const [lost, unreadable] = mounts.map(({ path }) => path);
    await body({ lost: lost ?? "", unreadable: unreadable ?? "", fifo }, mounts);
  } finally {
    for (const mount of mounts) await mount.remove();
    await rm(folder, { recursive: true });
  }
}

testWith("storage that hangs holds up its own guests and nobody else", NEEDS, async (t) => {
  t.timeout(600_000);
  // The storage is reached by way of another process, which takes a capability, and so a guest of root.
  const settings = { qemu: "clear_emulator_capabilities = 0\n" };
  const hold = (daemon: Polyvisord) => withStorage((places, mounts) => holdUp(t, daemon, places, mounts));
  await withPolyvisord(hold, [], settings, "security_drivers = []\n");
});

async function holdUp(
  t: ExecutionContext,
  daemon: Polyvisord,
  places: Places,
  [lost, unreadable]: readonly (StallingMount | undefined)[],
): Promise<void> {
  const virsh = new Virsh(daemon.uri("qemu"));
  const victims = victimsOf(places);
  for (const xml of [guest("well"), guest("other"), ...victims.map(({ xml }) => xml)]) await virsh.define(xml);
  for (const name of ["well", "runs"]) await virsh.ok("start", name);
  const neighbour = await Neighbour.meet(daemon, "well");
  await delay(3_000);
  const usual = neighbour.report();

  await lost?.tell("stall");
  await unreadable?.tell("stall-reads");
  const suffering = Promise.all(victims.map((victim) => suffer(t, virsh, victim)));
  const newEmulator = guest("emulator").replace(
    /<emulator>.*<\/emulator>/,
    `<emulator>${places.lost}/kernel</emulator>`,
  );
  const defined = virsh.fromXml("define", newEmulator);
  await delay(5_000);
  // The others live on in the midst of it.
  const begin = performance.now();
  await virsh.ok("start", "other");
  await virsh.ok("domstats", "other");
  await virsh.ok("destroy", "other");
  t.true(performance.now() - begin < NEVER, `another guest's life took ${performance.now() - begin} ms`);
  t.regex((await defined).stderr, /did not answer within 10 s/);
  await suffering;
  const beside = neighbour.report();
  t.true(
    beside.median < Math.max(UNNOTICED, 3 * usual.median),
    `calls took ${beside.median} ms, usually ${usual.median}`,
  );
  t.true(beside.worst < NEVER, `a call took ${beside.worst} ms`);

  await assertHungGuestsCanGo(t, virsh);
  await neighbour.stop();
  await assertStopsInTime(t, daemon, virsh);

  // A new daemon serves while they still hang, and sees them go when the storage is back.
  await daemon.start();
  t.is(await virsh.ok("domstate", "well"), "running");
  t.is(await virsh.ok("domstate", "runs"), "running");
  await virsh.ok("start", "other");
  await lost?.tell("resume");
  await until("what was killed is gone", async () => (await virsh.ok("domstate", "runs")) === "shut off");
  await virsh.ok("start", "runs");
  for (const name of ["runs", "well", "other"]) await virsh.ok("destroy", name);
  t.deepEqual(await processesNaming(places.lost), [], "neither emulators nor helpers are left");
  await unreadable?.tell("resume");
  await until("nothing is left", async () => (await processesNaming(daemon.root)).length === 1);
  const isForgotten = async () => !(await virsh.ok("list", "--all", "--name")).split("\n").includes("slow");
  await until("the daemon has seen that, and forgotten what is not defined", isForgotten);
}

/** What hangs in the kernel cannot be killed; that is told, and it goes as soon as it can. */
async function assertHungGuestsCanGo(t: ExecutionContext, virsh: Virsh): Promise<void> {
  t.is(await virsh.ok("domstate", "slow", "--reason"), "paused (starting up)");
  const busy = /Failed to terminate process \d+ with SIGKILL: Device or resource busy/;
  const destroyed = await Promise.all(["runs", "slow"].map((name) => patientVirsh(virsh, ["destroy", name])));
  for (const { stderr } of destroyed) t.regex(stderr, busy);
  for (const name of ["disk0", "kernel", "fifo-disk", "fifo-kernel", "slow"]) await virsh.ok("undefine", name);
  await virsh.ok("undefine", "vars", "--keep-nvram");
}

async function assertStopsInTime(t: ExecutionContext, daemon: Polyvisord, virsh: Virsh): Promise<void> {
  const cutShort = ["disk1", "initrd"].map((name) => patientVirsh(virsh, ["start", name]));
  await delay(1_000);
  const begin = performance.now();
  t.is(await daemon.end("SIGTERM"), 0);
  t.true(performance.now() - begin < 20_000, `the daemon took ${performance.now() - begin} ms to stop`);
  for (const { code } of await Promise.all(cutShort)) t.is(code, 1);
}
