import { readFile } from "node:fs/promises";
import type { Cgroup } from "@polyvisor/sdk/cgroup";

/** What went through a network device, as whoever has it sees it. */
export interface NetworkCounters {
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrs: number;
  readonly rxDrop: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrs: number;
  readonly txDrop: number;
}

/** The counters of a device in the network of a process (`"self"` or a pid); `undefined` where it is not there. */
export async function readNetworkCounters(pid: number | "self", device: string): Promise<NetworkCounters | undefined> {
  const text = await readFile(`/proc/${pid}/net/dev`, "utf8").catch(() => "");
  return parseNetworkCounters(text, device);
}

/** Eight figures of what came, then eight of what went; the first four of each are bytes, packets, errors and dropped ones. */
export function parseNetworkCounters(text: string, device: string): NetworkCounters | undefined {
  const line = text.split("\n").find((each) => each.trimStart().startsWith(`${device}:`));
  if (line === undefined) return undefined;
  const words = line
    .slice(line.indexOf(":") + 1)
    .trim()
    .split(/\s+/);
  const [rxBytes = 0, rxPackets = 0, rxErrs = 0, rxDrop = 0] = words.slice(0, 4).map(Number);
  const [txBytes = 0, txPackets = 0, txErrs = 0, txDrop = 0] = words.slice(8, 12).map(Number);
  return { rxBytes, rxPackets, rxErrs, rxDrop, txBytes, txPackets, txErrs, txDrop };
}

/** What was read and written, of one disk or of all. */
export interface BlockCounters {
  readonly rdBytes: number;
  readonly wrBytes: number;
  readonly rdReq: number;
  readonly wrReq: number;
}

/** What a group did on the disk with the numbers `device` (`8:0`), or on all of them. */
export async function readBlockCounters(group: Cgroup, device?: string): Promise<BlockCounters> {
  if (group.versionOf("blkio") === 2) return parseIoStat(await group.read("blkio", "io.stat"), device);
  const [bytes, requests] = await Promise.all([
    group.read("blkio", "blkio.throttle.io_service_bytes"),
    group.read("blkio", "blkio.throttle.io_serviced"),
  ]);
  const [of, times] = [parseServiced(bytes, device), parseServiced(requests, device)];
  return { rdBytes: of.read, wrBytes: of.write, rdReq: times.read, wrReq: times.write };
}

/** Lines such as `8:0 Read 4096`. */
export function parseServiced(text: string, device?: string): { readonly read: number; readonly write: number } {
  const sum = (what: string) =>
    text
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([numbers, word]) => word === what && (device === undefined || numbers === device))
      .reduce((total, [, , value]) => total + Number(value), 0);
  return { read: sum("Read"), write: sum("Write") };
}

/** Lines such as `8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0`. */
export function parseIoStat(text: string, device?: string): BlockCounters {
  const lines = text.split("\n").filter((line) => device === undefined || line.startsWith(`${device} `));
  const sum = (name: string) =>
    lines.reduce((total, line) => total + Number(new RegExp(` ${name}=(\\d+)`).exec(line)?.[1] ?? 0), 0);
  return { rdBytes: sum("rbytes"), wrBytes: sum("wbytes"), rdReq: sum("rios"), wrReq: sum("wios") };
}

/** KiB that a group has of memory, and of memory and swap together; `undefined` where the kernel does not count it. */
export async function readMemoryUse(
  group: Cgroup,
): Promise<{ readonly memory: number | undefined; readonly swap: number | undefined }> {
  const isFirst = group.versionOf("memory") === 1;
  const read = async (file: string) => {
    const text = await group.read("memory", file).catch(() => "");
    return /^\d+$/.test(text) ? Math.floor(Number(text) / 1024) : undefined;
  };
  const [memory, swap] = await Promise.all([
    read(isFirst ? "memory.usage_in_bytes" : "memory.current"),
    read(isFirst ? "memory.memsw.usage_in_bytes" : "memory.swap.current"),
  ]);
  return { memory, swap };
}
