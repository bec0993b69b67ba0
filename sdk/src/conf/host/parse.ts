import { VirtError } from "@polyvisor/core";

/** The CPU's frequency in /proc/cpuinfo in whole MHz; 0 when it is not given. */
export function parseMhz(cpuinfo: string, arch: string): number {
  const name = frequencyField(arch);
  if (name === undefined) return 0;
  let mhz = 0;
  for (const match of cpuinfo.matchAll(new RegExp(`^${name}\\s*:\\s*(\\d+)`, "gm"))) mhz = Number(match[1]);
  return mhz;
}

function frequencyField(arch: string): string | undefined {
  if (isX86(arch)) return "cpu MHz";
  if (arch.startsWith("ppc")) return "clock";
  if (arch.startsWith("s390")) return "cpu MHz dynamic";
  return undefined;
}

function isX86(arch: string): boolean {
  return arch === "x86_64" || arch === "i686";
}

/** Which lines of /proc/cpuinfo tell one kind of CPU from another, and how they are put together. */
function signatureOf(arch: string): { readonly names: readonly string[]; form(values: readonly string[]): string } {
  if (isX86(arch)) {
    return {
      names: ["vendor_id", "model name", "cpu family", "model", "stepping"],
      form: ([vendor, name, family, model, stepping]) =>
        `${vendor}, ${name}, family: ${family}, model: ${model}, stepping: ${stepping}`,
    };
  }
  if (arch.startsWith("ppc64")) {
    return { names: ["cpu", "revision"], form: ([name, revision]) => `${name}, rev ${revision}` };
  }
  if (arch.startsWith("s390")) {
    return {
      names: ["vendor_id", "processor 0", "facilities"],
      form: ([vendor, processor, facilities]) => `${vendor}, ${processor}, facilities: ${facilities}`,
    };
  }
  return { names: [], form: () => "" };
}

/** A text that changes when the host's CPU does, for caches of what was found out about it; undefined where none is known. */
export function cpuSignature(cpuinfo: string, arch: string): string | undefined {
  const { names, form } = signatureOf(arch);
  const found = new Map<string, string>();
  for (const line of cpuinfo.split("\n")) {
    const colon = line.indexOf(": ");
    const name = line.slice(0, Math.max(0, colon)).trim();
    if (colon >= 0 && !found.has(name)) found.set(name, line.slice(colon + 2).trim());
  }
  const values = names.flatMap((name) => found.get(name) ?? []);
  return names.length > 0 && values.length === names.length ? form(values) : undefined;
}

/** Time that CPUs spent, in nanoseconds. */
export interface HostCpuTimes {
  readonly kernel: bigint;
  readonly user: bigint;
  readonly idle: bigint;
  readonly iowait: bigint;
}

const NANOSECONDS_PER_TICK = 10_000_000n;

/** The times of one CPU, or of all together, from /proc/stat. Throws `INVALID_ARG` for a CPU that is not there. */
export function parseCpuTimes(stat: string, cpu: number | "all"): HostCpuTimes {
  const name = cpu === "all" ? "cpu" : `cpu${cpu}`;
  const line = stat.split("\n").find((each) => each.startsWith(`${name} `));
  const ticks = (line?.match(/\d+/g) ?? []).slice(cpu === "all" ? 0 : 1).map(BigInt);
  if (ticks.length < 4) {
    throw new VirtError("INVALID_ARG", "Invalid cpuNum in virHostCPUGetStatsLinux", {
      hint: "Ask for a CPU that is online, or for all.",
    });
  }
  const [user = 0n, nice = 0n, system = 0n, idle = 0n, iowait = 0n, irq = 0n, softirq = 0n] = ticks;
  return {
    kernel: (system + irq + softirq) * NANOSECONDS_PER_TICK,
    user: (user + nice) * NANOSECONDS_PER_TICK,
    idle: idle * NANOSECONDS_PER_TICK,
    iowait: iowait * NANOSECONDS_PER_TICK,
  };
}

/** KiB by name, of /proc/meminfo or a node's meminfo. */
export function parseMeminfo(meminfo: string): Readonly<Record<string, number>> {
  const values: Record<string, number> = {};
  for (const match of meminfo.matchAll(/(\w+)(?:\(\w+\))?:\s+(\d+) kB/g)) values[match[1] ?? ""] = Number(match[2]);
  return values;
}

/** A size such as `32768K` in bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+)([KMG]?)/.exec(text.trim());
  const power = { "": 0, K: 1, M: 2, G: 3 }[match?.[2] ?? ""] ?? 0;
  return Number(match?.[1] ?? 0) * 1024 ** power;
}

const AT_PAGESZ = 6n;

/** The page size in KiB from a process's auxiliary vector: pairs of 64-bit words. 4 when it does not say. */
export function parsePageSize(auxv: Buffer): number {
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    if (auxv.readBigUInt64LE(at) === AT_PAGESZ) return Number(auxv.readBigUInt64LE(at + 8)) / 1024;
  }
  return 4;
}
