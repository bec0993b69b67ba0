import { VirtError } from "@polyvisor/core";
import { type Cgroup, findNode } from "../cgroup/index.js";
import type { BlkioDevice } from "../conf/domain/index.js";
import { limitError, writeLimit } from "./write.js";

/** What can be limited for one block device of the host. */
export const BLOCK_LIMITS = ["weight", "readIopsSec", "writeIopsSec", "readBytesSec", "writeBytesSec"] as const;
export type BlockLimit = (typeof BLOCK_LIMITS)[number];

/** The file of version 1, and the word in `io.max` of version 2. */
const THROTTLES: Readonly<Record<Exclude<BlockLimit, "weight">, readonly [file: string, word: string]>> = {
  readIopsSec: ["blkio.throttle.read_iops_device", "riops"],
  writeIopsSec: ["blkio.throttle.write_iops_device", "wiops"],
  readBytesSec: ["blkio.throttle.read_bps_device", "rbps"],
  writeBytesSec: ["blkio.throttle.write_bps_device", "wbps"],
};

/** Where the weight of a group is, for the scheduler that the kernel's block layer has; the first that there is. */
const WEIGHT_FILES = { 1: ["blkio.bfq.weight", "blkio.weight"], 2: ["io.bfq.weight", "io.weight"] } as const;

export async function setBlockWeight(group: Cgroup, weight: number): Promise<void> {
  await inWeightFile(group, (file) => group.write("blkio", file, weight)).catch((error: unknown) => {
    throw limitError("blkio.weight", error);
  });
}

export async function readBlockWeight(group: Cgroup): Promise<number> {
  const text = await inWeightFile(group, (file) => group.read("blkio", file));
  return Number(/\d+/.exec(text)?.[0]);
}

async function inWeightFile<T>(group: Cgroup, use: (file: string) => Promise<T>): Promise<T> {
  for (const file of WEIGHT_FILES[group.versionOf("blkio") ?? 1]) {
    try {
      return await use(file);
    } catch (error) {
      // A file that is not there cannot be made either.
      if (!["ENOENT", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  throw noWeight("blkio device weight is valid only for bfq or cfq scheduler");
}

/** Sets the limits of one device; 0 lifts one. */
export async function limitBlockDevice(group: Cgroup, device: BlkioDevice): Promise<void> {
  const numbers = await numbersOf(device.path);
  for (const limit of BLOCK_LIMITS) {
    const value = device[limit];
    if (value === undefined) continue;
    if (limit === "weight") await setDeviceWeight(group, numbers, value);
    else await throttle(group, numbers, THROTTLES[limit], value);
  }
}

async function throttle(
  group: Cgroup,
  numbers: string,
  [file, word]: readonly [string, string],
  value: number,
): Promise<void> {
  if (group.versionOf("blkio") === 1) await writeLimit(group, "blkio", file, `${numbers} ${value}`);
  else await writeLimit(group, "blkio", "io.max", `${numbers} ${word}=${value === 0 ? "max" : value}`);
}

async function setDeviceWeight(group: Cgroup, numbers: string, weight: number): Promise<void> {
  const file = group.versionOf("blkio") === 1 ? "blkio.weight_device" : "io.weight";
  await group.write("blkio", file, `${numbers} ${weight}`).catch(() => {
    throw noWeight("blkio device weight is valid only for cfq scheduler");
  });
}

async function numbersOf(path: string): Promise<string> {
  const node = await findNode(path);
  if (node?.type === "block") return `${node.major}:${node.minor}`;
  const words =
    node === undefined ? "is not accessible: No such file or directory" : "must be a block device: Invalid argument";
  throw new VirtError("SYSTEM_ERROR", `Path '${path}' ${words}`, { domain: "CGROUP", hint: "name a disk in /dev" });
}

function noWeight(detail: string): Error {
  return new VirtError("OPERATION_INVALID", detail, {
    domain: "CGROUP",
    hint: "the kernel's block layer has no weights for this device",
  });
}
