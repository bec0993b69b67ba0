import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";

/** What /proc tells of how a guest's process is confined, without what differs from run to run. */
export interface ProcessFacts {
  /** Lines of /proc/PID/status that say who it is and what it may. */
  readonly status: Readonly<Record<string, string>>;
  readonly limits: string;
  /** The group in each hierarchy; the guest's own group is `GUEST`. */
  readonly groups: readonly string[];
  /** What it sees in its /dev, with numbers and permissions, and what is mounted there. */
  readonly devices: readonly string[];
  readonly mounts: readonly string[];
  /** What its descriptors are; those of one kind are counted. */
  readonly descriptors: readonly string[];
  /** Names of its environment. */
  readonly environment: readonly string[];
  /** Namespaces that are not those of the daemon that started it. */
  readonly namespaces: readonly string[];
  readonly oomScore: string;
  readonly workingDirectory: string;
  /** Threads with a name that tells what they are: where they may run, and in which group. */
  readonly threads: readonly string[];
}

const STATUS = ["Uid", "Gid", "Groups", "Umask", "NoNewPrivs", "Seccomp", "Cpus_allowed_list", "Mems_allowed_list"];
const CAPABILITIES = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];

export async function factsOf(pid: number, daemon: number): Promise<ProcessFacts> {
  const at = (file: string) => readFile(`/proc/${pid}/${file}`, "utf8");
  const status = fieldsOf(await at("status"));
  const environ = (await at("environ")).split("\0").filter((each) => each !== "");
  return {
    status: Object.fromEntries([...STATUS, ...CAPABILITIES].map((name) => [name, status[name] ?? ""])),
    limits: await at("limits"),
    groups: (await at("cgroup")).trim().split("\n").map(guestGroup),
    devices: await devicesOf(pid),
    mounts: mountsInDev(await at("mountinfo")),
    descriptors: await descriptorsOf(pid),
    environment: environ.map((each) => each.replace(/=.*/s, "")).sort(),
    namespaces: await ownNamespaces(pid, daemon),
    oomScore: (await at("oom_score_adj")).trim(),
    workingDirectory: await readlink(`/proc/${pid}/cwd`),
    threads: await threadsOf(pid),
  };
}

function fieldsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split("\n").map((line) => [line.replace(/:.*/, ""), line.replace(/^\w+:\s*/, "").trim()]),
  );
}

/** The number of a hierarchy is left out, and so is the guest's name. */
function guestGroup(line: string): string {
  return line.replace(/^\d+:/, "").replace(/\/machine\/[^/]+\.libvirt-qemu/, "/machine/GUEST");
}

async function devicesOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/root/dev`;
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => {
      const { mode, rdev, uid, gid } = await stat(join(folder, name));
      return `${name} ${mode.toString(8)} ${rdev} ${uid}:${gid}`;
    }),
  );
}

/** Where, and what kind of file system; the last one at a place counts. */
function mountsInDev(mountinfo: string): string[] {
  const mounts = mountinfo.split("\n").map((line) => line.split(" "));
  const inDev = mounts.filter((words) => /^\/dev(\/|$)/.test(words[4] ?? ""));
  return inDev.map((words) => `${words[4]} ${words[words.indexOf("-") + 1]}`).sort();
}

async function descriptorsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const counts = new Map<string, number>();
  for (const name of await readdir(folder)) {
    const target = await readlink(join(folder, name)).catch(() => "");
    const kind = target.replace(/:\[\d+\]$/, "").replace(/^\/(?!dev\/).*\//, "");
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${kind} ${count}`).sort();
}

async function ownNamespaces(pid: number, daemon: number): Promise<string[]> {
  const names = (await readdir(`/proc/${pid}/ns`)).sort();
  const links = (of: number) => Promise.all(names.map((name) => readlink(`/proc/${of}/ns/${name}`)));
  const [its, daemons] = await Promise.all([links(pid), links(daemon)]);
  return names.filter((_, at) => its[at] !== daemons[at]);
}

async function threadsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/task`;
  const threads = await Promise.all(
    (await readdir(folder)).map(async (thread) => {
      const at = (file: string) => readFile(join(folder, thread, file), "utf8");
      const name = (await at("comm")).trim();
      const groups = (await at("cgroup")).split("\n").filter((line) => /^\d+:cpu(,|:)|^0::/.test(line));
      const { Cpus_allowed_list: cpus = "" } = fieldsOf(await at("status"));
      return `${name}: ${cpus} ${groups.map(guestGroup).join(" ")}`;
    }),
  );
  return threads.filter((each) => /^(CPU|IO iothread)/.test(each)).sort();
}
