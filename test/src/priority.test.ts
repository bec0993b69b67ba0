import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { remoteProgram } from "@polyvisor/core";
import { RpcClient, stubsOf } from "@polyvisor/sdk/rpc";
import { hasLibvirtd, startLibvirtd } from "@polyvisor/sdk/testkit";
import type { ExecutionContext } from "ava";
import { outputOf, runCommand } from "./harness/command.js";
import { idleXml } from "./harness/guest-xml.js";
import { AS_NOBODY, type Need, program, testWith } from "./harness/needs.js";
import { Polyvisord } from "./harness/polyvisord.js";
import { endProcessesNaming, processesNaming, until } from "./harness/processes.js";

const libvirtd: Need = { name: "libvirtd is not installed", met: await hasLibvirtd(), kind: "program" };
const isRoot: Need = { name: "only root may change users", met: process.getuid?.() === 0, kind: "kernel" };
const NEEDS = [libvirtd, isRoot, ...(await Promise.all(["virsh", "virt-admin", "qemu-system-x86_64"].map(program)))];

/** A daemon with a guest whose emulator is stopped: whatever needs its monitor is slow, until it goes on. */
interface Stuck {
  readonly name: "polyvisord" | "libvirtd";
  readonly uri: string;
  readonly socket: string;
  readonly guest: string;
  /** The daemon's figures of its places for calls. */
  workload(): Promise<Readonly<Record<string, number>>>;
  log(): Promise<string>;
  /** The emulator goes on. */
  goOn(): void;
}

const SETTINGS = "min_workers = 1\nmax_workers = 1\nprio_workers = 1\n";

async function daemon(t: ExecutionContext, name: Stuck["name"], settings: string) {
  if (name === "polyvisord") {
    const here = new Polyvisord(await mkdtemp(join(tmpdir(), "polyvisord-")));
    t.teardown(() => here.dispose());
    await mkdir(join(here.root, "etc/libvirt"), { recursive: true });
    await writeFile(join(here.root, "etc/libvirt/polyvisord.conf"), settings);
    await here.start();
    const [folder, socket, as] = [here.root, here.socket, [] as readonly string[]];
    return { folder, socket, as, uri: here.uri("qemu"), log: async () => here.said };
  }
  const there = await startLibvirtd(settings);
  const { folder, socket } = there;
  t.teardown(async () => {
    await endProcessesNaming(folder);
    await there.stop();
  });
  const uri = `qemu+unix:///session?socket=${socket}`;
  return { folder, socket, as: AS_NOBODY, uri, log: () => readFile(join(folder, "libvirtd.log"), "utf8") };
}

async function stuck(t: ExecutionContext, name: Stuck["name"], settings: string): Promise<Stuck> {
  const { folder, socket, as, uri, log } = await daemon(t, name, settings);
  const [guest, file] = [`stuck-${name}`, join(await mkdtemp(join(tmpdir(), "stuck-")), "guest.xml")];
  await writeFile(file, idleXml(guest, "qemu", randomUUID()));
  await outputOf("virsh", ["-q", "-c", uri, `define ${file}; start ${guest}`]);
  const pid = await emulatorOf(folder, guest);
  process.kill(pid, "SIGSTOP");
  t.teardown(() => process.kill(pid, "SIGKILL"));
  const admin = `libvirtd:///system?socket=${socket.replace("libvirt-sock", "libvirt-admin-sock")}`;
  const [command = "", ...args] = [...as, "virt-admin", "-c", admin, "srv-threadpool-info", "libvirtd"];
  const workload = async () => {
    const lines = (await outputOf(command, args)).matchAll(/^(\w+)\s*: (\d+)$/gm);
    return Object.fromEntries([...lines].map(([, key = "", value]) => [key, Number(value)]));
  };
  return { name, uri, socket, guest, workload, log, goOn: () => void process.kill(pid, "SIGCONT") };
}

async function emulatorOf(folder: string, guest: string): Promise<number> {
  for (const pid of await processesNaming(folder)) {
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (words.startsWith("/usr/bin/qemu-system") && words.includes(`guest=${guest},`)) return pid;
  }
  throw new Error("the guest's emulator is not there");
}

/** Runs virsh beside the test; `over` tells whether it has ended. */
function beside(uri: string, ...args: readonly string[]) {
  const state = { over: false };
  const ended = runCommand("virsh", ["-q", "-c", uri, ...args]).finally(() => {
    state.over = true;
  });
  return { state, ended };
}

for (const name of ["polyvisord", "libvirtd"] as const) {
  testWith(`${name}: with all places taken by slow calls, calls of high priority are answered`, NEEDS, async (t) => {
    const { uri, guest, workload, goOn } = await stuck(t, name, SETTINGS);
    const slow = beside(uri, "suspend", guest);
    await until("the only place is taken", async () => (await workload()).freeWorkers === 0);
    const low = beside(uri, "setmaxmem", guest, "32768", "--config");
    await until("another slow call waits", async () => (await workload()).jobQueueDepth === 1);
    t.like(await runCommand("virsh", ["-q", "-c", uri, `list --name; domuuid ${guest}; nodeinfo`]), { code: 0 });
    t.like(await workload(), { freeWorkers: 0, jobQueueDepth: 1 });
    t.false(slow.state.over);
    t.false(low.state.over);
    goOn();
    t.like(await slow.ended, { code: 0 });
    t.like(await low.ended, { code: 0 });
    await until("no place is taken", async () => (await workload()).jobQueueDepth === 0);
  });

  testWith(`${name}: a client with too many calls is not read any further, and the log says so`, NEEDS, async (t) => {
    const { uri, socket, guest, log, goOn } = await stuck(t, name, "max_client_requests = 2\n");
    const client = await RpcClient.connect(socket);
    t.teardown(() => client.close());
    const api = stubsOf(client, remoteProgram);
    await api.connectOpen({ name: uri.replace(/\+unix|\?.*/g, ""), flags: 0 });
    const dom = await api.domainLookupByName({ name: guest });
    const answers = Array.from({ length: 6 }, () => api.domainSuspend({ dom }));
    const says = name === "polyvisord" ? /more calls under way than it may/ : /Client hit max requests limit 2/;
    await until("the log says so", async () => says.test(await log()));
    goOn();
    await Promise.all(answers);
    t.is(await api.connectGetType({}), "QEMU");
  });
}
