import {
  AFFECT,
  type CallContext,
  type Domain,
  type DomainConfigHandlers,
  type DomainTuningHandlers,
  LIMITS,
  VCPU_FLAG,
} from "@polyvisor/core";
import type { Domain as Config, Cputune } from "@polyvisor/sdk/conf/domain";
import { formatNumberSet } from "@polyvisor/sdk/conf/number-set";
import { cpusIn, markCpus } from "@polyvisor/sdk/cpu-maps";
import { targetOf } from "@polyvisor/sdk/lifecycle";
import { checkFlags, xenError } from "../errors.js";
import type { XenHypervisor } from "../hypervisor.js";
import type { VcpuRow } from "../xl/table.js";
import { chosen, tune } from "./change.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;
const NO_CPUTUNE: Cputune = {
  vcpupin: [],
  iothreadpin: [],
  vcpusched: [],
  iothreadsched: [],
  cachetune: [],
  memorytune: [],
};

/** A domain's virtual processors: how many, what each does, and on which of the host's each may run. */
export function vcpuHandlers(hypervisor: XenHypervisor): DomainConfigHandlers & DomainTuningHandlers {
  const { domains } = hypervisor.guests;

  const set = (dom: Domain, count: number, flags: number, context: CallContext): Promise<void> => {
    checkFlags(flags, AFFECTED | VCPU_FLAG.MAXIMUM, "libxlDomainSetVcpusFlags");
    const maximum = (flags & VCPU_FLAG.MAXIMUM) !== 0;
    const hex = flags.toString(16);
    if (maximum && (flags & AFFECT.LIVE) !== 0)
      throw xenError("INVALID_ARG", `invalid flag combination: (0x${hex})`, "the maximum is of the definition alone");
    if (count === 0) throw xenError("INVALID_ARG", "nvcpus is zero", "a domain has at least one");
    const affect = maximum ? (flags & AFFECTED) | AFFECT.CONFIG : flags & AFFECTED;
    return tune(
      hypervisor,
      { dom, flags: affect, api: "domainSetVcpusFlags", context },
      {
        edit: (config) => (maximum ? withMaximum(config, count) : withCurrent(config, count)),
        async apply({ ref: { id } }) {
          const failure = `Failed to set vcpus for domain '${id}' with libxenlight`;
          await hypervisor.xl.run(["vcpu-set", String(id), String(count)], failure);
        },
      },
    );
  };

  const pin = (dom: Domain, vcpu: number, map: Uint8Array, flags: number, context: CallContext): Promise<void> => {
    checkFlags(flags, AFFECTED, "libxlDomainPinVcpuFlags");
    const cpuset = cpusIn(map);
    return tune(
      hypervisor,
      { dom, flags, api: "domainPinVcpuFlags", context },
      {
        edit(config) {
          if (vcpu >= config.vcpu.max)
            throw xenError(
              "INVALID_ARG",
              `vcpu ${vcpu} is out of range of ${config.vcpu.max}`,
              "they are counted from 0",
            );
          if (cpuset.length === 0)
            throw xenError("INVALID_ARG", "Empty cpu list for pinning", "name at least one of the host's CPUs");
          const cputune = config.cputune ?? NO_CPUTUNE;
          const others = cputune.vcpupin.filter((each) => each.vcpu !== vcpu);
          const vcpupin = [...others, { vcpu, cpuset }].sort((one, other) => one.vcpu - other.vcpu);
          return { ...config, cputune: { ...cputune, vcpupin } };
        },
        async apply({ ref: { id } }) {
          const words = ["vcpu-pin", String(id), String(vcpu), formatNumberSet(cpuset)];
          await hypervisor.xl.run(words, `Failed to pin vcpu '${vcpu}' with libxenlight`);
        },
      },
    );
  };

  const count = (dom: Domain, flags: number): number => {
    checkFlags(flags, AFFECTED | VCPU_FLAG.MAXIMUM, "libxlDomainGetVcpusFlags");
    const domain = domains.find(dom);
    const { vcpu } = domain.config(targetOf(domain, flags & AFFECTED) === "config");
    return (flags & VCPU_FLAG.MAXIMUM) === 0 ? vcpu.current : vcpu.max;
  };

  return {
    domainGetMaxVcpus: ({ dom }) => count(dom, AFFECT.LIVE | VCPU_FLAG.MAXIMUM),
    domainGetVcpusFlags: ({ dom, flags }) => count(dom, flags),
    domainSetVcpus: ({ dom, nvcpus }, context) => set(dom, nvcpus, AFFECT.LIVE, context),
    domainSetVcpusFlags: ({ dom, nvcpus, flags }, context) => set(dom, nvcpus, flags, context),
    domainPinVcpu: ({ dom, vcpu, cpumap }, context) => pin(dom, vcpu, cpumap, AFFECT.LIVE, context),
    domainPinVcpuFlags: ({ dom, vcpu, cpumap, flags }, context) => pin(dom, vcpu, cpumap, flags, context),
    domainGetVcpuPinInfo({ dom, ncpumaps, maplen, flags }) {
      checkFlags(flags, AFFECTED, "libxlDomainGetVcpuPinInfo");
      const { vcpu, cputune } = chosen(hypervisor, dom, flags);
      const num = Math.max(0, Math.min(ncpumaps, vcpu.max, LIMITS.vcpuInfo));
      checkMaps(num, maplen);
      const cpumaps = Buffer.alloc(num * maplen);
      const all = allCpus(hypervisor);
      for (let number = 0; number < num; number++) {
        const cpus = cputune?.vcpupin.find((each) => each.vcpu === number)?.cpuset ?? vcpu.cpuset ?? all;
        markCpus(cpumaps.subarray(number * maplen, (number + 1) * maplen), cpus);
      }
      return { cpumaps, num };
    },
    async domainGetVcpus({ dom, maxinfo, maplen }) {
      const { id } = domains.find(dom).active();
      const online = (await hypervisor.xl.vcpus(id)).filter(({ state }) => state !== "offline");
      const rows = online.slice(0, Math.max(0, Math.min(maxinfo, LIMITS.vcpuInfo)));
      checkMaps(rows.length, maplen);
      const cpumaps = Buffer.alloc(rows.length * maplen);
      for (const [index, { affinity }] of rows.entries())
        markCpus(
          cpumaps.subarray(index * maplen, (index + 1) * maplen),
          affinity === "all" ? allCpus(hypervisor) : affinity,
        );
      return { info: rows.map(vcpuInfo), cpumaps };
    },
  };
}

const STATES: Readonly<Record<VcpuRow["state"], number>> = { offline: 0, running: 1, blocked: 2 };

function vcpuInfo({ vcpu, state, cpuTime, cpu }: VcpuRow) {
  return { number: vcpu, state: STATES[state], cpuTime, cpu: cpu ?? -1 };
}

function allCpus({ session }: XenHypervisor): number[] {
  return Array.from({ length: session.info.cpus }, (_, cpu) => cpu);
}

function withCurrent(config: Config, current: number): Config {
  const { max } = config.vcpu;
  if (current <= max) return { ...config, vcpu: { ...config.vcpu, current } };
  const words = `requested vcpus is greater than max allowable vcpus for the domain: ${current} > ${max}`;
  throw xenError("INVALID_ARG", words, "raise the maximum of the definition first (setvcpus --maximum --config)");
}

function withMaximum(config: Config, max: number): Config {
  return { ...config, vcpu: { ...config.vcpu, max, current: Math.min(config.vcpu.current, max) } };
}

function checkMaps(count: number, length: number): void {
  if (length >= 0 && count * length <= LIMITS.cpuMaps) return;
  throw xenError("INTERNAL_ERROR", "ncpumaps * maplen > REMOTE_CPUMAPS_MAX", `at most ${LIMITS.cpuMaps} bytes in all`);
}
