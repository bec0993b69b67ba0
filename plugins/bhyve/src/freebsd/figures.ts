import type { HostCpu, HostShape } from "@polyvisor/sdk/conf/host";
import type { CpuTimes, MemoryFigures } from "../host/host.js";
import type { Sysctls } from "./sysctl.js";

export const SHAPE_NAMES = [
  "hw.machine_arch",
  "hw.physmem",
  "hw.ncpu",
  "hw.clockrate",
  "dev.cpu.0.freq",
  "kern.smp.threads_per_core",
] as const;

const ARCHITECTURES: Readonly<Record<string, string>> = { amd64: "x86_64", i386: "i686", arm64: "aarch64" };

/** The host as `nodeInfo` counts it. FreeBSD does not tell sockets: all processors are in one. */
export function shapeOf(values: Sysctls): HostShape {
  const arch = values.text("hw.machine_arch") ?? "";
  const count = Math.max(1, values.number("hw.ncpu"));
  const told = values.number("kern.smp.threads_per_core");
  const threads = told > 0 && count % told === 0 ? told : 1;
  const cpus = Array.from({ length: count }, (_, id): HostCpu => {
    const core = Math.floor(id / threads);
    const siblings = Array.from({ length: threads }, (__, at) => core * threads + at);
    return { id, place: { socket: 0, die: 0, core, siblings } };
  });
  const memory = Math.floor(values.number("hw.physmem") / 1024);
  return {
    arch: ARCHITECTURES[arch] ?? arch,
    mhz: values.number("dev.cpu.0.freq") || values.number("hw.clockrate"),
    memory,
    nodes: [{ id: 0, memory, pages: [], distances: [], cpus }],
  };
}

export const MEMORY_NAMES = [
  "hw.pagesize",
  "vm.stats.vm.v_page_count",
  "vm.stats.vm.v_free_count",
  "vm.stats.vm.v_cache_count",
  "vfs.bufspace",
] as const;

export function memoryOf(values: Sysctls): MemoryFigures {
  const kib = (name: string) => Math.floor((values.number(name) * values.number("hw.pagesize")) / 1024);
  return {
    total: kib("vm.stats.vm.v_page_count"),
    free: kib("vm.stats.vm.v_free_count"),
    cached: kib("vm.stats.vm.v_cache_count"),
    buffers: Math.floor(values.number("vfs.bufspace") / 1024),
  };
}

export const CPU_NAMES = ["kern.clockrate", "kern.cp_time", "kern.cp_times"] as const;

/** user, nice, system, interrupts, idle */
const STATES = 5;
const SECOND = 1_000_000_000n;

export function cpuTimesOf(values: Sysctls, cpu: number | undefined): CpuTimes | undefined {
  const all = values.numbers(cpu === undefined ? "kern.cp_time" : "kern.cp_times");
  const first = (cpu ?? 0) * STATES;
  const [user, nice, system, interrupts, idle] = all.slice(first, first + STATES).map(BigInt);
  if (user === undefined || nice === undefined || system === undefined) return undefined;
  if (interrupts === undefined || idle === undefined) return undefined;
  const rate = ticksPerSecond(values.text("kern.clockrate") ?? "");
  const time = (ticks: bigint) => (ticks * SECOND) / rate;
  return { kernel: time(system), user: time(user + nice), idle: time(idle), interrupts: time(interrupts) };
}

/** `{ hz = 1000, tick = 1000, profhz = 8126, stathz = 127 }` */
function ticksPerSecond(clockrate: string): bigint {
  const rate = (name: string) => Number(new RegExp(`\\b${name} = (\\d+)`).exec(clockrate)?.[1] ?? 0);
  return BigInt(rate("stathz") || rate("hz") || 1);
}
