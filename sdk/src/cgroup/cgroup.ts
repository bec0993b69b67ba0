import { access, mkdir, open, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { filterDevices } from "./device-filter.js";
import { type DeviceRule, legacyRule } from "./device-rules.js";
import type { CgroupVersion, Hierarchies } from "./hierarchies.js";
import { CONTROLLERS, type Controller } from "./mounts.js";

/** Controllers that threads of one process may be under apart. */
const OF_THREADS: readonly Controller[] = ["cpu", "cpuacct", "cpuset"];

/** Version 2 counts and filters without being asked to. */
const NEEDS_NO_ENABLING: readonly Controller[] = ["cpuacct", "devices"];

/** A member that is just ending may hold its group for a moment. */
const REMOVALS = 250;
const BETWEEN_REMOVALS = 20;

interface Place {
  readonly version: CgroupVersion;
  readonly folder: string;
}

/**
 * One group of processes, in each of the hierarchies in which the host has controllers. All of it are files of the kernel,
 * which never hang; failures are Node's own errors.
 */
export class Cgroup {
  readonly #places: ReadonlyMap<Controller, Place>;

  private constructor(places: ReadonlyMap<Controller, Place>) {
    this.#places = places;
  }

  /** A group by its absolute path in the hierarchies (`/machine/qemu-1-guest.libvirt-qemu`), whether it is there or not. */
  static at(hierarchies: Hierarchies, path: string): Cgroup {
    const places = [...hierarchies].map(([controller, { version, mount }]): [Controller, Place] => [
      controller,
      { version, folder: join(mount, path) },
    ]);
    return new Cgroup(new Map(places));
  }

  /**
   * Makes a group and those above it. A controller of version 2 that cannot be handed down is left out; one of version 1 is
   * no group without its folder, and makes it fail.
   */
  static async make(hierarchies: Hierarchies, path: string): Promise<Cgroup> {
    const above = dirname(path);
    if (above !== "/" && !(await isInAll(hierarchies, above))) await Cgroup.make(hierarchies, above);
    const [group, parent] = [Cgroup.at(hierarchies, path), Cgroup.at(hierarchies, above)];
    await group.#makeFolders(parent);
    const lost = await handDown(parent, [...group.#controllersOf(2)]);
    return new Cgroup(new Map([...group.#places].filter(([controller]) => !lost.includes(controller))));
  }

  has(controller: Controller): boolean {
    return this.#places.has(controller);
  }

  /** The version of the interface in which a controller is reached; `undefined` where it is not here. */
  versionOf(controller: Controller): CgroupVersion | undefined {
    return this.#places.get(controller)?.version;
  }

  /** The text of a file of a controller, less the newline at its end. */
  async read(controller: Controller, file: string): Promise<string> {
    return (await readFile(join(this.#folderOf(controller), file), "utf8")).trimEnd();
  }

  async write(controller: Controller, file: string, value: string | number | bigint): Promise<void> {
    await writeFile(join(this.#folderOf(controller), file), `${value}`);
  }

  /**
   * A process joins with all its threads; where `part` is a group of threads below this one, it goes there at once. A move
   * waits for all processors of the host, so that none is made twice.
   */
  async addProcess(pid: number, part?: Cgroup): Promise<void> {
    const inner = part === undefined ? [] : part.#folders();
    const below = new Map(inner.map((place) => [dirname(place.folder), place]));
    await Promise.all(
      this.#folders().map(async ({ version, folder }) => {
        const own = below.get(folder);
        const isDirect = version === 1 && own !== undefined;
        await writeFile(join(isDirect ? own.folder : folder, "cgroup.procs"), `${pid}`);
        if (version === 2 && own !== undefined) await writeFile(join(own.folder, "cgroup.threads"), `${pid}`);
      }),
    );
  }

  async addThread(thread: number): Promise<void> {
    const files = this.#folders().map(({ version, folder }) =>
      join(folder, version === 1 ? "tasks" : "cgroup.threads"),
    );
    await Promise.all(files.map((file) => writeFile(file, `${thread}`)));
  }

  /** The group of some threads of this group's process, which need not be there. */
  threads(name: string): Cgroup {
    const places = [...this.#places].filter(([controller]) => OF_THREADS.includes(controller));
    return new Cgroup(
      new Map(places.map(([controller, { version, folder }]) => [controller, { version, folder: join(folder, name) }])),
    );
  }

  async makeThreads(name: string): Promise<Cgroup> {
    const group = this.threads(name);
    await group.#makeFolders(this);
    const unified = [...group.#controllersOf(2)];
    if (unified[0] !== undefined) {
      await group.write(unified[0], "cgroup.type", "threaded");
      const lost = await handDown(this, unified);
      return new Cgroup(new Map([...group.#places].filter(([controller]) => !lost.includes(controller))));
    }
    return group;
  }

  /** Lets the group use the devices of `rules` and no other. `before`: what it was let use, for version 1. */
  async setDevices(rules: readonly DeviceRule[], before?: readonly DeviceRule[]): Promise<void> {
    const { version, folder } = this.#places.get("devices") ?? { version: undefined, folder: "" };
    if (version === 2) {
      const handle = await open(folder, "r");
      try {
        filterDevices(handle.fd, rules);
      } finally {
        await handle.close();
      }
    } else if (version === 1) await setLegacyDevices(folder, rules.map(legacyRule), before?.map(legacyRule));
  }

  /** Removes the group and those below it, once the last process has left. What is not there does no harm. */
  async remove(): Promise<void> {
    await Promise.all(this.#folders().map(({ folder }) => removeTree(folder)));
  }

  *#controllersOf(version: CgroupVersion): Generator<Controller> {
    for (const [controller, place] of this.#places) if (place.version === version) yield controller;
  }

  #folderOf(controller: Controller): string {
    const place = this.#places.get(controller);
    if (place === undefined) throw new Error(`the group has no controller ${controller}`);
    return place.folder;
  }

  /** Each folder once: hierarchies of version 1 may have several controllers, the one of version 2 has all. */
  #folders(): Place[] {
    return [...new Map([...this.#places.values()].map((place) => [place.folder, place])).values()];
  }

  async #makeFolders(parent: Cgroup): Promise<void> {
    const made = await Promise.all(
      this.#folders().map(async ({ folder }) => ((await makeFolder(folder)) ? folder : "")),
    );
    const cpuset = this.#places.get("cpuset");
    // A new group of version 1 has no processor and no memory until it is told which.
    if (cpuset?.version === 1 && made.includes(cpuset.folder)) await inheritCpuset(parent, this);
  }
}

async function isInAll(hierarchies: Hierarchies, path: string): Promise<boolean> {
  const mounts = new Set([...hierarchies.values()].map(({ mount }) => mount));
  const found = [...mounts].map((mount) =>
    access(join(mount, path)).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(found)).every((each) => each);
}

/** Whether it was made now. The folder above must be there. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o755 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function inheritCpuset(parent: Cgroup, group: Cgroup): Promise<void> {
  const files = ["cpuset.cpus", "cpuset.mems", "cpuset.memory_migrate"];
  await Promise.all(files.map(async (file) => group.write("cpuset", file, await parent.read("cpuset", file))));
}

/** Enables controllers of version 2 for the groups below. Returns those that cannot be: processes above are in the way. */
async function handDown(parent: Cgroup, controllers: readonly Controller[]): Promise<Controller[]> {
  const lost: Controller[] = [];
  for (const controller of controllers.filter((each) => !NEEDS_NO_ENABLING.includes(each))) {
    const name = controller === "blkio" ? "io" : controller;
    await parent.write(controller, "cgroup.subtree_control", `+${name}`).catch(() => lost.push(controller));
  }
  return lost;
}

/** Each rule is written for itself; what was allowed before and is not now is denied first. */
async function setLegacyDevices(folder: string, rules: readonly string[], before?: readonly string[]): Promise<void> {
  const denied = before === undefined ? ["a"] : before.filter((rule) => !rules.includes(rule));
  await Promise.all(denied.map((rule) => writeFile(join(folder, "devices.deny"), rule)));
  await Promise.all(rules.map((rule) => writeFile(join(folder, "devices.allow"), rule)));
}

/** Removes a group's folder with those below, where there is no process in it. */
export async function removeEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeEmpty(join(folder, entry.name));
  await rmdir(folder).catch(() => {});
}

async function removeTree(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    // Each time anew: whoever made the group may still have been at it.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
    try {
      return await rmdir(folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      if (code !== "EBUSY" || attempt === REMOVALS) throw error;
      await delay(BETWEEN_REMOVALS);
    }
  }
}

/** The name of a group in which the kernel sees no file of a controller of its own. */
export function groupName(name: string): string {
  const isReserved = /^(cgroup\.|[_.])/.test(name) || CONTROLLERS.some((each) => name.startsWith(`${each}.`));
  return isReserved ? `_${name}` : name;
}
