import { AFFECT, type Domain, type DomainConfigHandlers, MEMORY_FLAG } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf";
import { targetOf } from "@polyvisor/sdk/lifecycle";
import { checkFlags, checkNonZero, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

/** A domain's memory, in KiB. */
export function memoryHandlers(hypervisor: TestHypervisor): DomainConfigHandlers {
  const { domains } = hypervisor;

  function set(dom: Domain, memory: bigint, flags: number, caller: string): void {
    checkNonZero(memory, "memory", caller);
    checkFlags(flags, AFFECT.LIVE | AFFECT.CONFIG | MEMORY_FLAG.MAXIMUM, "testDomainSetMemoryFlags");
    const domain = domains.find(dom);
    const target = targetOf(domain, flags);
    const config = domain.configOf(target);
    const size = toSize(memory);
    if ((flags & MEMORY_FLAG.MAXIMUM) === 0) domain.configure(target, withBalloon(config, size));
    else if (target === "live") throw invalid("cannot resize the maximum memory on an active domain");
    else domain.configure(target, withMemory(config, size));
  }

  return {
    domainGetMaxMemory: ({ dom }) => domains.find(dom).config.memory,
    domainSetMaxMemory: ({ dom, memory }) => set(dom, memory, MEMORY_FLAG.MAXIMUM, "virDomainSetMaxMemory"),
    domainSetMemory: ({ dom, memory }) => set(dom, memory, AFFECT.LIVE, "virDomainSetMemory"),
    domainSetMemoryFlags: ({ dom, memory, flags }) => set(dom, memory, flags, "virDomainSetMemoryFlags"),
  };
}

/** Sizes are held as numbers, which are exact up to 8 EiB in KiB; nobody means more. */
function toSize(memory: bigint): number {
  if (memory > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw testError("OVERFLOW", `memory size ${memory} KiB`, "give the size in KiB");
  }
  return Number(memory);
}

function withBalloon(config: Config, size: number): Config {
  if (size > config.memory) {
    throw testError("INVALID_ARG", "cannot set memory higher than max memory", `at most ${config.memory} KiB`);
  }
  return { ...config, currentMemory: size };
}

function withMemory(config: Config, size: number): Config {
  if ((config.cpu?.numa?.cells.length ?? 0) > 0) {
    throw invalid("initial memory size of a domain with NUMA nodes cannot be modified with this API");
  }
  if (config.maxMemory !== undefined && config.maxMemory.size < size) {
    throw invalid("cannot set initial memory size greater than the maximum memory size");
  }
  return { ...config, memory: size, currentMemory: Math.min(config.currentMemory, size) };
}

function invalid(detail: string): Error {
  return testError("OPERATION_INVALID", detail, "change the definition while the domain is off");
}
