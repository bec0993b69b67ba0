import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { canFilterDevices } from "./device-filter.js";
import { type CgroupMounts, CONTROLLERS, type Controller, parseCgroupMounts } from "./mounts.js";

/** Which version of the interface a controller is reached through. */
export type CgroupVersion = 1 | 2;

export interface Hierarchy {
  readonly version: CgroupVersion;
  /** The folder in which it is mounted. */
  readonly mount: string;
}

/** The controllers that can be used, and where. Never empty. */
export type Hierarchies = ReadonlyMap<Controller, Hierarchy>;

export interface UnifiedFacts {
  /** The text of `cgroup.controllers` at the root: empty where version 2 only keeps track of processes. */
  readonly controllers: string;
  /** Whether the kernel takes a program that decides on devices: version 2 has no files for them. */
  readonly filtersDevices: boolean;
}

/**
 * Which hierarchy a controller is used in, where both versions are mounted: what version 2 has is taken there, as libvirt
 * does. `wanted`: nothing but these.
 */
export function chooseHierarchies(
  { legacy, unified }: CgroupMounts,
  facts: UnifiedFacts | undefined,
  wanted: readonly Controller[] = CONTROLLERS,
): Hierarchies {
  const chosen = new Map<Controller, Hierarchy>();
  const inUnified = facts === undefined ? new Set<Controller>() : unifiedControllers(facts);
  for (const controller of wanted) {
    const mount = legacy.get(controller);
    if (unified !== undefined && inUnified.has(controller)) chosen.set(controller, { version: 2, mount: unified });
    else if (mount !== undefined) chosen.set(controller, { version: 1, mount });
  }
  return chosen;
}

function unifiedControllers({ controllers, filtersDevices }: UnifiedFacts): Set<Controller> {
  const words = controllers.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return new Set();
  const named = CONTROLLERS.filter((name) => words.includes(name === "blkio" ? "io" : name));
  // Time on the CPU is counted for every group.
  return new Set<Controller>([...named, "cpuacct", ...(filtersDevices ? (["devices"] as const) : [])]);
}

/** Looks at this host. `undefined` where there is no controller to use. */
export async function findHierarchies(wanted?: readonly Controller[]): Promise<Hierarchies | undefined> {
  const mounts = parseCgroupMounts(await readFile("/proc/self/mounts", "utf8"));
  const found = chooseHierarchies(mounts, await unifiedFacts(mounts), wanted);
  return found.size === 0 ? undefined : found;
}

async function unifiedFacts({ unified }: CgroupMounts): Promise<UnifiedFacts | undefined> {
  if (unified === undefined) return undefined;
  const controllers = await readFile(join(unified, "cgroup.controllers"), "utf8").catch(() => "");
  return { controllers, filtersDevices: controllers.trim() !== "" && canFilterDevices() };
}
