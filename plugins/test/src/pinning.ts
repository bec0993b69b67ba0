import { AFFECT, type Domain, type DomainTuningHandlers, LIMITS, VirtError } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf";
import { cpusIn, markCpus } from "@polyvisor/sdk/cpu-maps";
import { configFor, editOne } from "./edit.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";
import { hostCpusOf, isOnline } from "./vcpu-info.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;
export const NO_CPUTUNE: NonNullable<Config["cputune"]> = {
  vcpupin: [],
  iothreadpin: [],
  vcpusched: [],
  iothreadsched: [],
  cachetune: [],
  memorytune: [],
};

/** On which of the host's CPUs a domain's own run, and the rest of its emulator. */
export function pinningHandlers(hypervisor: TestHypervisor): DomainTuningHandlers {
  function pinVcpu(dom: Domain, vcpu: number, map: Uint8Array, flags: number): void {
    checkFlags(flags, 0, "testDomainPinVcpuFlags");
    const domain = hypervisor.domains.find(dom);
    if (!domain.isActive) {
      throw testError("OPERATION_INVALID", "cannot pin vcpus on an inactive domain", "start the domain first");
    }
    const { config } = domain;
    if (vcpu >= config.vcpu.max || !isOnline(config, vcpu)) {
      const detail = `requested vcpu '${vcpu | 0}' is not present in the domain`;
      throw testError("INVALID_ARG", detail, `it has ${config.vcpu.current}`);
    }
    const cputune = config.cputune ?? NO_CPUTUNE;
    const others = cputune.vcpupin.filter((pin) => pin.vcpu !== vcpu);
    const vcpupin = [...others, { vcpu, cpuset: cpusIn(map) }].sort((a, b) => a.vcpu - b.vcpu);
    domain.configure("live", { ...config, cputune: { ...cputune, vcpupin } });
  }

  return {
    domainPinVcpu: ({ dom, vcpu, cpumap }) => pinVcpu(dom, vcpu, cpumap, 0),
    domainPinVcpuFlags: ({ dom, vcpu, cpumap, flags }) => pinVcpu(dom, vcpu, cpumap, flags),

    domainGetVcpuPinInfo({ dom, ncpumaps, maplen, flags }) {
      const config = configFor(hypervisor, dom, flags);
      const num = Math.max(0, Math.min(ncpumaps, config.vcpu.max, LIMITS.vcpuInfo));
      checkMaps(num, maplen);
      const cpumaps = Buffer.alloc(num * maplen);
      for (let vcpu = 0; vcpu < num; vcpu++) {
        markCpus(cpumaps.subarray(vcpu * maplen, (vcpu + 1) * maplen), hostCpusOf(config, vcpu, hypervisor.hostCpus));
      }
      return { cpumaps, num };
    },

    domainPinEmulator({ dom, cpumap, flags }) {
      checkFlags(flags, AFFECTED, "testDomainPinEmulator");
      const emulatorpin = cpusIn(cpumap);
      editOne(hypervisor, dom, flags, (config) => {
        if (emulatorpin.length === 0) throw emptyPin("Empty cpu list for pinning");
        return { ...config, cputune: { ...NO_CPUTUNE, ...config.cputune, emulatorpin } };
      });
    },

    domainGetEmulatorPinInfo({ dom, maplen, flags }) {
      checkFlags(flags, AFFECTED, "testDomainGetEmulatorPinInfo");
      const { cputune, vcpu } = configFor(hypervisor, dom, flags);
      checkMaps(1, maplen);
      const cpumaps = Buffer.alloc(maplen);
      markCpus(cpumaps, cputune?.emulatorpin ?? vcpu.cpuset ?? hypervisor.hostCpus);
      return cpumaps;
    },
  };
}

/** Maps are not larger than a reply may be. */
function checkMaps(count: number, length: number): void {
  if (length >= 0 && count * length <= LIMITS.cpuMaps) return;
  throw new VirtError("INTERNAL_ERROR", "ncpumaps * maplen > REMOTE_CPUMAPS_MAX", {
    domain: "RPC",
    hint: `ask for maps of at most ${LIMITS.cpuMaps} bytes in all`,
  });
}

export function emptyPin(detail: string): VirtError {
  return testError("INVALID_ARG", detail, "name at least one of the host's CPUs");
}
