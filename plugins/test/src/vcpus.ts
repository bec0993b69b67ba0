import { AFFECT, type Domain, type DomainConfigHandlers, VCPU_FLAG, type VirtError } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf";
import { targetOf, targetsOf } from "@polyvisor/sdk/lifecycle";
import { badArgument, checkFlags, checkNonZero, testError } from "./errors.js";
import { MAX_VCPUS } from "./host.js";
import type { TestHypervisor } from "./hypervisor.js";
import { describeVcpus } from "./vcpu-info.js";

const KNOWN_FLAGS = AFFECT.LIVE | AFFECT.CONFIG | VCPU_FLAG.MAXIMUM;

/** A domain's virtual CPUs. */
export function vcpuHandlers(hypervisor: TestHypervisor): DomainConfigHandlers {
  const { domains } = hypervisor;

  function count(dom: Domain, flags: number): number {
    checkFlags(flags, KNOWN_FLAGS, "testDomainGetVcpusFlags");
    const domain = domains.find(dom);
    const config = domain.configOf(targetOf(domain, flags));
    return (flags & VCPU_FLAG.MAXIMUM) === 0 ? config.vcpu.current : config.vcpu.max;
  }

  function set(dom: Domain, vcpus: number, flags: number, caller: string): void {
    checkNonZero(vcpus, "nvcpus", caller);
    checkFlags(flags, KNOWN_FLAGS, "testDomainSetVcpusFlags");
    const maximum = (flags & VCPU_FLAG.MAXIMUM) !== 0;
    checkCount(vcpus, maximum, flags);
    const domain = domains.find(dom);
    const changes = targetsOf(domain, flags).map((target) => {
      const config = domain.configOf(target);
      const resize = maximum && target === "config" ? withMaxVcpus : withVcpus;
      return { target, config: resize(config, vcpus) };
    });
    for (const { target, config } of changes) domain.configure(target, config);
  }

  return {
    domainGetMaxVcpus: ({ dom }) => count(dom, AFFECT.LIVE | VCPU_FLAG.MAXIMUM),
    domainGetVcpusFlags: ({ dom, flags }) => count(dom, flags),
    domainSetVcpus: ({ dom, nvcpus }) => set(dom, nvcpus, AFFECT.LIVE, "virDomainSetVcpus"),
    domainSetVcpusFlags: ({ dom, nvcpus, flags }) => set(dom, nvcpus, flags, "virDomainSetVcpusFlags"),

    domainGetVcpus({ dom, maxinfo, maplen }) {
      const domain = domains.find(dom);
      if (!domain.isActive) {
        throw testError("OPERATION_INVALID", "cannot list vcpus for an inactive domain", "start the domain first");
      }
      return describeVcpus(domain.config, maxinfo, maplen, hypervisor.hostCpus);
    },
  };
}

function checkCount(vcpus: number, maximum: boolean, flags: number): void {
  if (maximum && (flags & AFFECT.CONFIG) === 0) {
    throw badArgument("flags", "Flag 'VIR_DOMAIN_AFFECT_CONFIG' is required by flag 'VIR_DOMAIN_VCPU_MAXIMUM'");
  }
  if (vcpus > MAX_VCPUS) {
    throw tooMany(`requested cpu amount exceeds maximum supported amount (${vcpus | 0} > ${MAX_VCPUS})`);
  }
}

/** The first `vcpus` CPUs on, the others off. */
function withVcpus(config: Config, vcpus: number): Config {
  const { vcpu } = config;
  if (vcpus > vcpu.max) throw tooMany(`requested cpu amount exceeds maximum (${vcpus} > ${vcpu.max})`);
  const individual = vcpu.individual?.map((one) => ({ ...one, enabled: one.id < vcpus ? "yes" : "no" }) as const);
  return { ...config, vcpu: { ...vcpu, current: vcpus, individual } };
}

/** CPUs are added switched off, and taken away with all that is said of them. */
function withMaxVcpus(config: Config, max: number): Config {
  const { vcpu } = config;
  const cputune = forVcpusBelow(max, config.cputune);
  if (vcpu.individual === undefined) {
    return { ...config, cputune, vcpu: { ...vcpu, max, current: Math.min(vcpu.current, max) } };
  }
  const { individual: before } = vcpu;
  const individual = Array.from({ length: max }, (_, id) => before[id] ?? ({ id, enabled: "no" } as const));
  const current = individual.filter(({ enabled }) => enabled === "yes").length;
  return { ...config, cputune, vcpu: { ...vcpu, max, current, individual } };
}

function forVcpusBelow(max: number, cputune: Config["cputune"]): Config["cputune"] {
  if (cputune === undefined) return undefined;
  const isLeft = ({ vcpu }: { readonly vcpu: number }) => vcpu < max;
  return { ...cputune, vcpupin: cputune.vcpupin.filter(isLeft), vcpusched: cputune.vcpusched.filter(isLeft) };
}

function tooMany(detail: string): VirtError {
  return testError("INVALID_ARG", detail, "`vcpucount` shows how many are allowed");
}
