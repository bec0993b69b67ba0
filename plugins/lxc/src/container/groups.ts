import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  Cgroup,
  type Controller,
  chooseHierarchies,
  findHierarchies,
  type Hierarchies,
  parseCgroupMounts,
  removeEmpty,
} from "@polyvisor/sdk/cgroup";

const BETWEEN_LOOKS = 5;
/** Where the processes of a group are looked up. */
const PROCESSES_IN: readonly Controller[] = ["freezer", "cpuacct", "memory", "cpu", "pids", "devices"];

/** The hierarchies of the host, looked at once. */
export class Groups {
  #found: Promise<Hierarchies> | undefined;

  async at(path: string): Promise<Cgroup> {
    return Cgroup.at(await this.#hierarchies(), path);
  }

  /**
   * Makes the move of a process to another group quick, for a few milliseconds: the first move after a while waits for a grace
   * period of the kernel's, which passes here beside whatever else is done. This process is moved to where it is.
   */
  async expectMove(): Promise<void> {
    const [first] = await this.#hierarchies();
    if (first === undefined) return;
    const [controller, { version, mount }] = first;
    const own = ownGroup(await readFile("/proc/self/cgroup", "utf8"), version === 2 ? "" : controller);
    if (own === undefined) return;
    const file = join(mount, own, "cgroup.procs");
    // What is mounted there may begin elsewhere than the names of groups do.
    const isThere = (await readFile(file, "utf8")).split("\n").includes(`${process.pid}`);
    if (isThere) await writeFile(file, `${process.pid}`);
  }

  #hierarchies(): Promise<Hierarchies> {
    this.#found ??= ofEngines();
    return this.#found;
  }
}

/** Engines leave version 2 alone where controllers are in version 1. */
async function ofEngines(): Promise<Hierarchies> {
  const { legacy, unified } = parseCgroupMounts(await readFile("/proc/self/mounts", "utf8"));
  if (legacy.size > 0 || unified === undefined) return chooseHierarchies({ legacy, unified: undefined }, undefined);
  return (await findHierarchies()) ?? new Map();
}

/** The group of a process by its `/proc/PID/cgroup`; version 2's hierarchy has the empty name. */
export function ownGroup(text: string, controller: string): string | undefined {
  for (const line of text.split("\n")) {
    const [, names, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (names?.split(",").includes(controller)) return path;
  }
  return undefined;
}

/** Stops all processes of a container where they are, or lets them go on. */
export async function freeze(group: Cgroup, frozen: boolean): Promise<void> {
  if (!group.has("freezer")) {
    await group.write("cpuacct", "cgroup.freeze", frozen ? 1 : 0);
    return waitFor(async () => (await group.read("cpuacct", "cgroup.events")).includes(`frozen ${frozen ? 1 : 0}`));
  }
  const wanted = frozen ? "FROZEN" : "THAWED";
  await waitFor(async () => {
    // Of a process that is just forking the child may be missed: the kernel is told again.
    await group.write("freezer", "freezer.state", wanted);
    return (await group.read("freezer", "freezer.state")) === wanted;
  });
}

async function waitFor(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(BETWEEN_LOOKS);
}

/** Kills every process of a group, and tells whether there were any; one that is gone has none. */
export async function killAll(group: Cgroup): Promise<boolean> {
  const controller = PROCESSES_IN.find((each) => group.has(each));
  if (controller === undefined) return false;
  const text = await group.read(controller, "cgroup.procs").catch(() => "");
  if (text === "") return false;
  for (const pid of text.split("\n")) kill(Number(pid));
  // What is frozen dies when it thaws.
  await (group.has("freezer")
    ? group.write("freezer", "freezer.state", "THAWED")
    : group.write("cpuacct", "cgroup.freeze", 0)
  ).catch(() => {});
  return true;
}

function kill(pid: number): void {
  try {
    if (pid > 1) process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** Removes a group from every hierarchy that is mounted, also those in which nothing is controlled. */
export async function removeGroup(path: string): Promise<void> {
  const { legacy, unified } = parseCgroupMounts(await readFile("/proc/self/mounts", "utf8"));
  const mounts = new Set([...legacy.values(), ...(unified === undefined ? [] : [unified])]);
  await Promise.all([...mounts].map((mount) => removeEmpty(join(mount, path))));
}
