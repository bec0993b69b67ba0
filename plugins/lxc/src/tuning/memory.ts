import { AFFECT, checkFlags, type Domain, type DomainConfigHandlers, MEMORY_FLAG, VirtError } from "@polyvisor/core";
import { targetsOf } from "@polyvisor/sdk/lifecycle";
import { groupWith, setMemory } from "@polyvisor/sdk/tuning";
import type { LxcHypervisor } from "../pieces.js";
import { tunedContainers } from "./tuned.js";

const KNOWN = AFFECT.LIVE | AFFECT.CONFIG | MEMORY_FLAG.MAXIMUM;

/** How much memory a container has: what it may have at once follows, what it may ever have is for the next start. */
export function memoryHandlers(hypervisor: LxcHypervisor): DomainConfigHandlers {
  return {
    domainGetMaxMemory: ({ dom }) => hypervisor.domains.find(dom).config().memory,
    domainSetMaxMemory: ({ dom, memory }) => resize(hypervisor, dom, Number(memory), MEMORY_FLAG.MAXIMUM),
    domainSetMemory: ({ dom, memory }) => resize(hypervisor, dom, Number(memory), AFFECT.LIVE),
    domainSetMemoryFlags: ({ dom, memory, flags }) => resize(hypervisor, dom, Number(memory), flags),
  };
}

async function resize(hypervisor: LxcHypervisor, dom: Domain, memory: number, flags: number): Promise<void> {
  checkFlags(flags, KNOWN, "lxcDomainSetMemoryFlags", "LXC");
  const domain = hypervisor.domains.find(dom);
  await domain.knownJobs.run({ kind: "modify", api: "domainSetMemoryFlags" }, async () => {
    const targets = targetsOf(domain, flags);
    const live = targets.includes("live") ? domain.config() : undefined;
    const defined = targets.includes("config") ? domain.config(true) : undefined;
    if ((flags & MEMORY_FLAG.MAXIMUM) !== 0) {
      if (live !== undefined)
        throw new VirtError("OPERATION_INVALID", "Cannot resize the max memory on an active domain", {
          domain: "LXC",
          hint: "change the definition with --config",
        });
      if (defined === undefined) return;
      const currentMemory = Math.min(defined.currentMemory, memory);
      return hypervisor.setDefined(domain, { ...defined, memory, currentMemory });
    }
    const max = Math.min(live?.memory ?? Number.POSITIVE_INFINITY, defined?.memory ?? Number.POSITIVE_INFINITY);
    if (memory > max)
      throw new VirtError("INVALID_ARG", "Cannot set memory higher than max memory", {
        domain: "LXC",
        hint: `at most ${max} KiB, or raise the maximum first`,
      });
    if (live !== undefined) {
      const group = groupWith(tunedContainers(hypervisor), domain.active().cgroup, "memory");
      await setMemory(group, "hard", memory).catch((cause: unknown) => {
        const hint = "the container uses more than that, and nothing of it can be written to the disk";
        throw new VirtError("OPERATION_FAILED", "Failed to set memory for domain", { domain: "LXC", hint, cause });
      });
      await hypervisor.setLive(domain, { ...live, currentMemory: memory });
    }
    if (defined !== undefined) await hypervisor.setDefined(domain, { ...defined, currentMemory: memory });
  });
}
