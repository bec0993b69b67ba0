import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  type Connection,
  createHost,
  type DomainEvent,
  type Host,
  LIFECYCLE_EVENT,
  type Log,
  rootPaths,
} from "@polyvisor/core";
import { hasEnded, readProcessStat } from "@polyvisor/sdk/process";
import { isGuestGroup } from "../confine/group-name.js";
import { Confinement } from "../confine/index.js";

const PLUGIN = fileURLToPath(new URL("../..", import.meta.url));

/** A host of one test's own, with QEMU alone, and everything that its domains told. */
export interface Rig {
  readonly root: string;
  readonly host: Host;
  readonly connection: Connection;
  /** What the domains told since this was last asked, such as `g: RESUMED 0`. */
  heard(): string[];
  /** Lines of the driver's log from `warn` on. */
  readonly complaints: string[];
  /** What the guests of this host have now: status files, sockets, keys, control groups. */
  leftovers(): Promise<string[]>;
}

interface Test {
  teardown(end: () => unknown): void;
}

/** Makes a folder that goes with the test, and every guest in it before. */
export async function makeRoot(t: Test): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-qemu-"));
  t.teardown(async () => {
    await killGuests(root);
    await rm(root, { recursive: true, force: true });
  });
  return root;
}

/** A host as a daemon makes it, started. On the same `root` it finds what an earlier one left. */
export async function makeRig(t: Test, root?: string): Promise<Rig> {
  const folder = root ?? (await makeRoot(t));
  const complaints: string[] = [];
  const host = await createHost({
    mode: "system",
    paths: rootPaths(folder),
    plugins: [PLUGIN],
    log: logInto(complaints),
  });
  t.teardown(() => host.close());
  await host.start();
  const connection = await host.open("qemu:///system");
  const told: string[] = [];
  void listen(await connection.events(), told);
  return {
    root: folder,
    host,
    connection,
    complaints,
    heard: () => told.splice(0),
    leftovers: async () => [
      ...(await filesOf(folder)).filter((file) => /domain-|run\/libvirt\/qemu\/.*\.(xml|pid)$/.test(file)),
      ...(await groupsOf(folder)),
    ],
  };
}

const LIFECYCLE_NAMES = Object.fromEntries(Object.entries(LIFECYCLE_EVENT).map(([name, number]) => [number, name]));

async function listen(events: AsyncIterable<DomainEvent>, told: string[]): Promise<void> {
  for await (const event of events) {
    const what = event.kind === "lifecycle" ? `${LIFECYCLE_NAMES[event.event]} ${event.detail}` : event.kind;
    told.push(`${event.dom.name}: ${what}`);
  }
}

function logInto(lines: string[]): Log {
  const keep = (fields: object, message: string) => {
    lines.push(`${message} ${"err" in fields ? String(fields.err) : ""}`);
  };
  const log: Log = { debug() {}, info() {}, warn: keep, error: keep, child: () => log };
  return log;
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** Runs `program` with `connection` open on a host of a process of its own, and resolves with that process once it has. */
export async function inAnotherDaemon(root: string, program: string): Promise<{ kill(): Promise<void> }> {
  const script = `
    import { createHost, rootPaths } from "@polyvisor/core";
    const host = await createHost({ mode: "system", paths: rootPaths(${JSON.stringify(root)}), plugins: [${JSON.stringify(PLUGIN)}] });
    await host.start();
    const connection = await host.open("qemu:///system");
    ${program}
    console.log("done");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd: PLUGIN,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return {
    async kill() {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** Sends a command to the monitor of a guest that no daemon is connected to. */
export async function askMonitor(root: string, name: string, command: string): Promise<void> {
  const folder = join(root, "var/lib/libvirt/qemu");
  const [guest = ""] = (await readdir(folder)).filter((entry) => entry.endsWith(`-${name}`));
  const socket = createConnection(join(folder, guest, "monitor.sock"));
  await once(socket, "data");
  for (const execute of ["qmp_capabilities", command]) {
    socket.write(`${JSON.stringify({ execute })}\n`);
    await once(socket, "data");
  }
  socket.destroy();
}

/** The pid of a running guest. */
export async function pidOf(root: string, name: string): Promise<number> {
  return Number(await readFile(join(root, "run/libvirt/qemu", `${name}.pid`), "utf8"));
}

/** Control groups of guests of this root, in every hierarchy. */
async function groupsOf(root: string): Promise<string[]> {
  const top = "/sys/fs/cgroup";
  const hierarchies = ["", ...(await readdir(top).catch(() => []))];
  const groups = hierarchies.map(async (name) => {
    const found = await readdir(join(top, name, "machine")).catch(() => []);
    return found
      .filter((group) => isGuestGroup(rootPaths(root), group))
      .map((group) => join(top, name, "machine", group));
  });
  return (await Promise.all(groups)).flat();
}

async function killGuests(root: string): Promise<void> {
  const files = await readdir(join(root, "run/libvirt/qemu")).catch(() => []);
  for (const file of files.filter((each) => each.endsWith(".pid"))) {
    try {
      const pid = await pidOf(root, file.slice(0, -4));
      process.kill(pid, "SIGKILL");
      while (!hasEnded(readProcessStat(pid))) await delay(5);
    } catch {
      // It has ended.
    }
  }
  await new Confinement({ mode: "system", paths: rootPaths(root) }, logInto([])).sweep();
}

/** Waits until `condition` holds; fails after two minutes: a machine may be busy. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 6000; tries++) {
    if (await condition()) return;
    await delay(20);
  }
  throw new Error("it did not come to that");
}
