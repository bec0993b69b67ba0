/** What a group can control. `blkio` is libvirt's and version 1's name of what version 2 calls `io`. */
export const CONTROLLERS = [
  "cpu",
  "cpuacct",
  "cpuset",
  "memory",
  "devices",
  "freezer",
  "blkio",
  "net_cls",
  "perf_event",
  "pids",
] as const;

export type Controller = (typeof CONTROLLERS)[number];

/** The hierarchy in which systemd keeps its units where version 1 is in use. Nobody else makes groups there. */
export const SYSTEMD = "name=systemd";

/** Where the hierarchies are mounted. */
export interface CgroupMounts {
  /** Those of version 1: several controllers may share one. */
  readonly legacy: ReadonlyMap<Controller | typeof SYSTEMD, string>;
  /** The one of version 2. */
  readonly unified: string | undefined;
}

/** Reads `/proc/mounts`. Of several mounts of one hierarchy the last one counts. */
export function parseCgroupMounts(mounts: string): CgroupMounts {
  const legacy = new Map<Controller | typeof SYSTEMD, string>();
  let unified: string | undefined;
  for (const line of mounts.split("\n")) {
    const [, point = "", type, options = ""] = line.split(" ");
    if (type === "cgroup2") unified = unescaped(point);
    if (type !== "cgroup") continue;
    const words = options.split(",");
    for (const name of [...CONTROLLERS, SYSTEMD] as const) if (words.includes(name)) legacy.set(name, unescaped(point));
  }
  return { legacy, unified };
}

/** The kernel writes blanks and the like as three octal digits. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
