import { AFFECT, type CallContext, type Domain, type DomainConfigHandlers, MEMORY_FLAG } from "@polyvisor/core";
import { checkFlags, xenError } from "../errors.js";
import { type XenHypervisor, xenDomain0 } from "../hypervisor.js";
import { tune } from "./change.js";

const KNOWN = AFFECT.LIVE | AFFECT.CONFIG | MEMORY_FLAG.MAXIMUM;

/** The sizes of a domain's memory. Sizes are in KiB. */
export function memoryHandlers(hypervisor: XenHypervisor): DomainConfigHandlers {
  const { xl, emit } = {
    xl: (words: readonly string[], failure: string) => hypervisor.xl.run(words, failure),
    emit: (dom: Domain, actual: number) => hypervisor.guests.events.emit({ kind: "balloonChange", dom, actual }),
  };

  const setMaximum = (dom: Domain, memory: number, flags: number, context: CallContext) =>
    tune(
      hypervisor,
      { dom, flags, api: "domainSetMemoryFlags", context },
      {
        edit: (config) => ({ ...config, memory, currentMemory: Math.min(config.currentMemory, memory) }),
        async apply({ ref: { id } }) {
          const failure = `Failed to set maximum memory for domain '${id}' with libxenlight`;
          await xl(["mem-max", String(id), `${memory}k`], failure);
        },
      },
    );

  const setMemory = (dom: Domain, memory: number, flags: number, context: CallContext) =>
    tune(
      hypervisor,
      { dom, flags, api: "domainSetMemoryFlags", context },
      {
        edit(config) {
          if (memory > config.memory)
            throw xenError("INVALID_ARG", "cannot set memory higher than max memory", `at most ${config.memory} KiB`);
          return { ...config, currentMemory: memory };
        },
        async apply({ ref }) {
          const failure = `Failed to set memory for domain '${ref.id}' with libxenlight`;
          await xl(["mem-set", String(ref.id), `${memory}k`], failure);
          emit(ref, memory);
        },
      },
    );

  const set = (dom: Domain, memory: bigint, flags: number, context: CallContext): Promise<void> => {
    checkFlags(flags, KNOWN, "libxlDomainSetMemoryFlags");
    const size = Number(memory);
    if (!Number.isSafeInteger(size)) throw xenError("OVERFLOW", `memory size ${memory} KiB`, "give the size in KiB");
    if (hypervisor.guests.domains.find(dom).ref.id === 0 && (flags & MEMORY_FLAG.MAXIMUM) !== 0) throw xenDomain0();
    const affect = flags & ~MEMORY_FLAG.MAXIMUM;
    return (flags & MEMORY_FLAG.MAXIMUM) === 0
      ? setMemory(dom, size, affect, context)
      : setMaximum(dom, size, affect, context);
  };

  return {
    domainSetMemory: ({ dom, memory }, context) => set(dom, BigInt(memory), AFFECT.LIVE, context),
    domainSetMaxMemory: ({ dom, memory }, context) => set(dom, BigInt(memory), MEMORY_FLAG.MAXIMUM, context),
    domainSetMemoryFlags: ({ dom, memory, flags }, context) => set(dom, BigInt(memory), flags, context),
  };
}
