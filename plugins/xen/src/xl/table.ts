/** One domain in a listing (`xl list -v`). */
export interface DomainRow {
  readonly id: number;
  readonly name: string;
  readonly uuid: string;
  /** In KiB; xl rounds to MiB. */
  readonly memory: number;
  /** Those that are online. */
  readonly vcpus: number;
  readonly state: "running" | "paused" | "shutdown" | "crashed" | "dying";
  /** Nanoseconds that its processors have worked; xl rounds to tenths of a second. */
  readonly cpuTime: bigint;
  /** Why it has shut down: a member of `SHUTDOWN_REASONS` by its number. Absent while it has not. */
  readonly reason: number | undefined;
}

/** Numbers as Xen has them. */
export const SHUTDOWN_REASONS = { POWEROFF: 0, REBOOT: 1, SUSPEND: 2, CRASH: 3, WATCHDOG: 4, SOFT_RESET: 5 } as const;

const ROW =
  /^(?<name>.*?)\s+(?<id>\d+)\s+(?<memory>\d+)\s+(?<vcpus>\d+)\s+(?<state>[-rbpscd]{6})\s+(?<time>\d+\.\d)\s+(?<uuid>[0-9a-f-]{36})\s+(?<reason>-|[0-9a-f]+)(\s|$)/;

/** Reads the output of `xl list -v`. A line that is no domain is passed over: xl writes warnings among them. */
export function parseList(text: string): DomainRow[] {
  return text.split("\n").flatMap((line): DomainRow[] => {
    const { name, id, memory, vcpus, state, time, uuid, reason } = ROW.exec(line)?.groups ?? {};
    if (name === undefined || uuid === undefined || state === undefined) return [];
    return [
      {
        id: Number(id),
        name,
        uuid,
        memory: Number(memory) * 1024,
        vcpus: Number(vcpus),
        state: stateOf(state),
        cpuTime: nanoseconds(time),
        reason: reason === undefined || reason === "-" ? undefined : Number.parseInt(reason, 16),
      },
    ];
  });
}

function stateOf(flags: string): DomainRow["state"] {
  if (flags.includes("d")) return "dying";
  if (flags.includes("c")) return "crashed";
  if (flags.includes("s")) return "shutdown";
  return flags.includes("p") ? "paused" : "running";
}

/** `12.3` seconds. */
function nanoseconds(seconds = "0.0"): bigint {
  return BigInt(seconds.replace(".", "")) * 100_000_000n;
}

/** One virtual processor (`xl vcpu-list`). */
export interface VcpuRow {
  readonly domain: number;
  readonly vcpu: number;
  /** The host's processor that it is on; absent where it is on none. */
  readonly cpu: number | undefined;
  readonly state: "running" | "blocked" | "offline";
  readonly cpuTime: bigint;
  /** The host's processors that it may be on, as numbers; `all` for every one. */
  readonly affinity: readonly number[] | "all";
}

const VCPU =
  /^.*?\s+(?<domain>\d+)\s+(?<vcpu>\d+)\s+(?<cpu>-|\d+)\s+(?<state>[-rbp]{3})\s+(?<time>\d+\.\d)\s+(?<hard>\S+)\s+\/\s+\S+$/;

/** Reads the output of `xl vcpu-list`. */
export function parseVcpuList(text: string): VcpuRow[] {
  return text.split("\n").flatMap((line): VcpuRow[] => {
    const { domain, vcpu, cpu, state, time, hard } = VCPU.exec(line.trimEnd())?.groups ?? {};
    if (domain === undefined || state === undefined || hard === undefined) return [];
    return [
      {
        domain: Number(domain),
        vcpu: Number(vcpu),
        cpu: cpu === "-" ? undefined : Number(cpu),
        state: state.includes("p") ? "offline" : state.includes("b") ? "blocked" : "running",
        cpuTime: nanoseconds(time),
        affinity: hard === "all" ? "all" : cpuNumbers(hard),
      },
    ];
  });
}

/** `0-2,4` */
function cpuNumbers(text: string): number[] {
  return text.split(",").flatMap((range) => {
    const [from = Number.NaN, to = from] = range.split("-").map(Number);
    return Number.isInteger(from) && Number.isInteger(to) && to - from < 4096
      ? Array.from({ length: to - from + 1 }, (_, index) => from + index)
      : [];
  });
}

/** What a domain may have of the processors (`xl sched-credit2 -d ID` and `xl sched-credit -d ID`). */
export interface Schedule {
  readonly weight: number;
  /** In percent of one processor; 0 is no limit. */
  readonly cap: number;
}

/** Reads the line of a domain; `undefined` where there is none. */
export function parseSchedule(text: string, id: number): Schedule | undefined {
  for (const line of text.split("\n")) {
    const match = /\s(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line);
    if (match !== null && Number(match[1]) === id) return { weight: Number(match[2]), cap: Number(match[3]) };
  }
  return undefined;
}
