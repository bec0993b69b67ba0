import { readFileSync } from "node:fs";

/** What `/proc/PID/stat` tells of a process or thread. procfs never blocks, so these reads are synchronous. */
export interface ProcessStat {
  /** One letter: R, S, D, T, Z (ended, but its parent has not looked) and so on. */
  readonly state: string;
  /** Time on the CPU in nanoseconds. */
  readonly userTime: bigint;
  readonly systemTime: bigint;
  /** When it started, in clock ticks since the host booted. With the pid it names a process for good. */
  readonly startTime: bigint;
  /** Resident memory in KiB. */
  readonly rss: bigint;
  /** The host CPU on which it ran last. */
  readonly processor: number;
  readonly minorFaults: bigint;
  readonly majorFaults: bigint;
}

/** Linux has had 100 ticks a second towards user space on every architecture that hypervisors run on. */
const NS_PER_TICK = 10_000_000n;

/** The stat of a process, or of one of its threads; `undefined` where there is none. */
export function readProcessStat(pid: number, thread?: number): ProcessStat | undefined {
  const path = thread === undefined ? `/proc/${pid}/stat` : `/proc/${pid}/task/${thread}/stat`;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  return parseProcessStat(text);
}

/** The command's name stands in parentheses and may hold anything, so the fields are counted from the last one. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const number = (index: number) => BigInt(fields[index - 3] ?? 0);
  const state = fields[0];
  if (state === undefined || fields.length < 37) return undefined;
  return {
    state,
    minorFaults: number(10),
    majorFaults: number(12),
    userTime: number(14) * NS_PER_TICK,
    systemTime: number(15) * NS_PER_TICK,
    startTime: number(22),
    rss: number(24) * kibPerPage(),
    processor: Number(number(39)),
  };
}

/** Whether the process has ended, or is a zombie. */
export function hasEnded(stat: ProcessStat | undefined): boolean {
  return stat === undefined || stat.state === "Z" || stat.state === "X";
}

/** Differs after each boot of the host, so that a pid of an earlier boot is not taken for one of this. */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

let pageSize: bigint | undefined;

/** The kernel tells every process the size of a page (`AT_PAGESZ`) in its auxiliary vector. */
function kibPerPage(): bigint {
  if (pageSize === undefined) {
    const words = new BigUint64Array(new Uint8Array(readFileSync("/proc/self/auxv")).buffer);
    const index = words.findIndex((word, at) => at % 2 === 0 && word === 6n);
    pageSize = words[index + 1] ?? 4096n;
  }
  return pageSize / 1024n;
}

/** The host CPUs on which a thread may run. */
export function readAffinity(pid: number, thread: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
    return parseCpuList(/^Cpus_allowed_list:\s*(.*)$/m.exec(text)?.[1] ?? "");
  } catch {
    return [];
  }
}

/** The kernel's list of CPUs, such as `0-3,8`. */
export function parseCpuList(list: string): number[] {
  return list.split(",").flatMap((range) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(range.trim());
    if (match === null) return [];
    const first = Number(match[1]);
    return Array.from({ length: Number(match[2] ?? first) - first + 1 }, (_, index) => first + index);
  });
}

/** How long a thread has waited for a CPU, in nanoseconds. */
export function readRunDelay(pid: number, thread: number): bigint | undefined {
  try {
    const delay = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[1];
    return delay === undefined ? undefined : BigInt(delay);
  } catch {
    return undefined;
  }
}

let online: readonly number[] | undefined;

/** The processors of the host, as they were when this was first asked. */
export function onlineCpus(): readonly number[] {
  online ??= parseCpuList(readFileSync("/sys/devices/system/cpu/online", "utf8"));
  return online;
}
