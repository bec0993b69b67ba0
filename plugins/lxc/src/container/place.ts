import { join } from "node:path";
import type { HostPaths } from "@polyvisor/core";
import { DEFAULT_PARTITION, machineName, partitionPath } from "@polyvisor/sdk/cgroup";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import { STATUS } from "../engine/engine.js";

const SUFFIX = ".container";

/** Where containers have what is theirs while they run. */
export class Places {
  readonly run: string;
  readonly log: string;

  constructor(paths: HostPaths) {
    this.run = join(paths.run, "lxc");
    this.log = join(paths.log, "lxc");
  }

  folder(name: string): string {
    return join(this.run, `${name}${SUFFIX}`);
  }

  /** The name of the container whose folder has that name; `undefined` for another file. */
  nameOf(folder: string): string | undefined {
    return folder.endsWith(SUFFIX) ? folder.slice(0, -SUFFIX.length) : undefined;
  }

  monitor(name: string): string {
    return join(this.run, `${name}.sock`);
  }

  logFile(name: string): string {
    return join(this.log, `${name}.log`);
  }
}

/** What every container is called for its engine: each has a folder for its engine's state alone. */
export const CONTAINER = "container";

/** The files in a container's folder. */
export const FILES = {
  bundle: "config.json",
  consoles: "consoles.json",
  record: "record.json",
  ended: "ended",
  engineLog: "engine.log",
  engineState: "engine",
  /** Where the engine keeps the container's state, by its name there. */
  engineContainer: `engine/${CONTAINER}`,
  /** Says, once it is there, that the container runs. */
  started: `engine/${CONTAINER}/${STATUS}`,
} as const;

/** The group of a container, by its partition, the pid of its shim and its name, as libvirt calls it. */
export function cgroupPathOf({ name, resource }: Config, id: number): string {
  const partition = partitionPath(resource?.partition ?? DEFAULT_PARTITION);
  return `${partition}/${machineName(`lxc-${id}-`, name)}.libvirt-lxc`;
}
