import { LIMITS, type VcpuInfo, VirtError } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf";
import { markCpus } from "@polyvisor/sdk/cpu-maps";

const VCPU_RUNNING = 1;
const ABSENT: VcpuInfo = { number: 0, state: 0, cpuTime: 0, cpu: 0 };

/** At most `maxinfo` CPUs, and for each `maplen` bytes that tell on which of the host's CPUs it may run. */
export function describeVcpus(
  config: Config,
  maxinfo: number,
  maplen: number,
  hostCpus: readonly number[],
): { info: VcpuInfo[]; cpumaps: Buffer } {
  const length = Math.max(0, Math.min(maxinfo, config.vcpu.current, LIMITS.vcpuInfo));
  if (maplen < 0 || length * maplen > LIMITS.cpuMaps) {
    throw new VirtError("INTERNAL_ERROR", "maxinfo * maplen > REMOTE_CPUMAPS_MAX", {
      domain: "RPC",
      hint: `ask for maps of at most ${LIMITS.cpuMaps} bytes in all`,
    });
  }
  const cpumaps = Buffer.alloc(length * maplen);
  const cpuTime = BigInt(Date.now()) * 100n;
  const info = Array.from({ length }, (_, number): VcpuInfo => {
    if (!isOnline(config, number)) return ABSENT;
    const cpus = hostCpusOf(config, number, hostCpus);
    markCpus(cpumaps.subarray(number * maplen, (number + 1) * maplen), cpus);
    return { number, state: VCPU_RUNNING, cpuTime, cpu: cpus.at(-1) ?? -1 };
  });
  return { info, cpumaps };
}

/** The host's CPUs on which a virtual one may run. */
export function hostCpusOf(config: Config, vcpu: number, hostCpus: readonly number[]): readonly number[] {
  const pin = config.cputune?.vcpupin.find((entry) => entry.vcpu === vcpu)?.cpuset;
  return pin ?? config.vcpu.cpuset ?? hostCpus;
}

/** Without a word on each of them, the first ones are those that the guest has. */
export function isOnline({ vcpu }: Config, number: number): boolean {
  return vcpu.individual === undefined ? number < vcpu.current : vcpu.individual[number]?.enabled === "yes";
}
