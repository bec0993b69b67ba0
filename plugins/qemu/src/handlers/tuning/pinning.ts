import { AFFECT, type Domain, type DomainTuningHandlers, LIMITS, type TypedParam, VirtError } from "@polyvisor/core";
import type { Cputune, Domain as DomainConfig, NumberSet } from "@polyvisor/sdk/conf/domain";
import { formatNumberSet } from "@polyvisor/sdk/conf/number-set";
import { cpusIn, markCpus } from "@polyvisor/sdk/cpu-maps";
import { onlineCpus } from "@polyvisor/sdk/process";
import { NO_CPUTUNE } from "@polyvisor/sdk/tuning";
import { emulatorPart, placeThread, vcpuPart } from "../../confine/index.js";
import { checkFlags, qemuError } from "../../errors.js";
import type { Hypervisor } from "../../hypervisor.js";
import { chosen, tune } from "./change.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** On which of the host's processors a guest's run, and the rest of its emulator. */
export function pinningHandlers(hypervisor: Hypervisor): DomainTuningHandlers {
  const pinVcpu = (dom: Domain, vcpu: number, map: Uint8Array, flags: number, api: string): Promise<void> => {
    checkFlags(flags, AFFECTED, "qemuDomainPinVcpuFlags");
    const cpuset = cpusIn(map);
    return tune(
      hypervisor,
      { dom, flags, api },
      {
        edit(config, target) {
          checkVcpu(config, vcpu, target);
          checkCpus(cpuset);
          return withCputune(config, (cputune) => {
            const others = cputune.vcpupin.filter((pin) => pin.vcpu !== vcpu);
            return { vcpupin: [...others, { vcpu, cpuset }].sort((a, b) => a.vcpu - b.vcpu) };
          });
        },
        async apply({ config, vcpuThreads }, group) {
          const thread = vcpuThreads.get(vcpu);
          if (thread === undefined) return [];
          await placeThread(group, { ...vcpuPart(config, vcpu), cpus: cpuset }, thread);
          return [news(`vcpupin${vcpu}`, cpuset)];
        },
      },
    );
  };
  return {
    domainPinVcpu: ({ dom, vcpu, cpumap }) => pinVcpu(dom, vcpu, cpumap, AFFECT.LIVE, "domainPinVcpu"),
    domainPinVcpuFlags: ({ dom, vcpu, cpumap, flags }) => pinVcpu(dom, vcpu, cpumap, flags, "domainPinVcpuFlags"),

    async domainGetVcpuPinInfo({ dom, ncpumaps, maplen, flags }) {
      checkFlags(flags, AFFECTED, "qemuDomainGetVcpuPinInfo");
      const { config } = await chosen(hypervisor, dom, flags);
      const num = Math.max(0, Math.min(ncpumaps, config.vcpu.max, LIMITS.vcpuInfo));
      checkMaps(num, maplen);
      const cpumaps = Buffer.alloc(num * maplen);
      for (let vcpu = 0; vcpu < num; vcpu++) {
        const cpus = vcpuPart(config, vcpu).cpus ?? onlineCpus();
        markCpus(cpumaps.subarray(vcpu * maplen, (vcpu + 1) * maplen), cpus);
      }
      return { cpumaps, num };
    },

    domainPinEmulator({ dom, cpumap, flags }) {
      checkFlags(flags, AFFECTED, "qemuDomainPinEmulator");
      const emulatorpin = cpusIn(cpumap);
      return tune(
        hypervisor,
        { dom, flags, api: "domainPinEmulator" },
        {
          edit(config) {
            checkCpus(emulatorpin);
            return withCputune(config, () => ({ emulatorpin }));
          },
          async apply({ config, process }, group) {
            if (process === undefined) return [];
            await placeThread(group, { ...emulatorPart(config), cpus: emulatorpin }, process.pid);
            return [news("emulatorpin", emulatorpin)];
          },
        },
      );
    },

    async domainGetEmulatorPinInfo({ dom, maplen, flags }) {
      checkFlags(flags, AFFECTED, "qemuDomainGetEmulatorPinInfo");
      const { config } = await chosen(hypervisor, dom, flags);
      checkMaps(1, maplen);
      const cpumaps = Buffer.alloc(maplen);
      markCpus(cpumaps, emulatorPart(config).cpus ?? onlineCpus());
      return cpumaps;
    },
  };
}

/** What clients are told of threads that are pinned. */
export function news(name: string, cpus: NumberSet): TypedParam {
  return { field: `cputune.${name}`, type: "string", value: formatNumberSet(cpus) };
}

function withCputune(config: DomainConfig, change: (cputune: Cputune) => Partial<Cputune>): DomainConfig {
  const cputune = { ...NO_CPUTUNE, ...config.cputune };
  return { ...config, cputune: { ...cputune, ...change(cputune) } };
}

function checkVcpu({ vcpu: { max, current } }: DomainConfig, vcpu: number, target: "live" | "config"): void {
  if (vcpu < max) return;
  const words = target === "live" ? `live cpu count ${max}` : `persistent cpu count ${current}`;
  throw qemuError("INVALID_ARG", `vcpu ${vcpu} is out of range of ${words}`);
}

function checkCpus(cpus: NumberSet): void {
  if (cpus.length > 0) return;
  throw qemuError("INVALID_ARG", "Empty cpu list for pinning", { hint: "name at least one of the host's CPUs" });
}

/** Maps are not larger than a reply may be. */
function checkMaps(count: number, length: number): void {
  if (length >= 0 && count * length <= LIMITS.cpuMaps) return;
  throw new VirtError("INTERNAL_ERROR", "ncpumaps * maplen > REMOTE_CPUMAPS_MAX", {
    domain: "RPC",
    hint: `ask for maps of at most ${LIMITS.cpuMaps} bytes in all`,
  });
}
