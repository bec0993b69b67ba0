import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An image that the stand-in knows. */
export interface Medium {
  readonly uuid: string;
  readonly path: string;
  readonly kind: "hdd" | "dvd" | "fdd";
  readonly megabytes: number;
  readonly format: string;
  type: string;
}

export interface Attachment {
  readonly controller: string;
  readonly port: number;
  readonly device: number;
  /** Of a medium; none for an empty drive. */
  readonly medium: string | undefined;
}

export interface Snapshot {
  readonly name: string;
  readonly uuid: string;
  readonly description: string | undefined;
  readonly isOnline: boolean;
  readonly taken: string;
  readonly children: Snapshot[];
}

export interface Machine {
  readonly uuid: string;
  name: string;
  state: string;
  since: string;
  /** What `modifyvm` has set, by the keys of `showvminfo --machinereadable`. */
  settings: Record<string, string>;
  controllers: { name: string; type: string; ports: number }[];
  attachments: Attachment[];
  folders: { name: string; path: string; isReadOnly: boolean; isTransient: boolean }[];
  extra: Record<string, string>;
  forwards: Record<string, string>;
  snapshot: Snapshot | undefined;
  currentSnapshot: string | undefined;
}

export interface HostOnly {
  readonly name: string;
  readonly uuid: string;
  ip: string;
  netmask: string;
  isUp: boolean;
}

export interface World {
  machines: Machine[];
  media: Medium[];
  hostOnly: HostOnly[];
  dhcp: { network: string; ip: string; netmask: string; lower: string; upper: string; isOn: boolean }[];
  nat: { name: string; network: string; isOn: boolean; hasDhcp: boolean }[];
  /** The scancodes that keyboards were given. */
  typed: string[];
}

const EMPTY: World = { machines: [], media: [], hostOnly: [], dhcp: [], nat: [], typed: [] };

/** Runs one command on the world in `folder`, alone; a command that throws changes nothing. */
export function withWorld<T>(folder: string, work: (world: World) => T): T {
  const lock = join(folder, "lock");
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  try {
    const path = join(folder, "world.json");
    const world = readWorld(path);
    const result = work(world);
    writeFileSync(`${path}.new`, JSON.stringify(world, undefined, 1));
    renameSync(`${path}.new`, path);
    return result;
  } finally {
    rmdirSync(lock);
  }
}

function readWorld(path: string): World {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as World;
  } catch {
    return structuredClone(EMPTY);
  }
}
