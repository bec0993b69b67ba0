import {
  AFFECT,
  type CallContext,
  type Domain,
  type DomainConfigHandlers,
  type DomainTuningHandlers,
  MEMORY_FLAG,
  VCPU_FLAG,
} from "@polyvisor/core";
import { targetsOf } from "@polyvisor/sdk/lifecycle";
import { checkFlags, vboxError } from "../errors.js";
import type { Machines } from "../machine/machines.js";
import { isActive } from "../machine/state.js";
import { maxCpus, maxMemory } from "./connect.js";

const WHERE = AFFECT.LIVE | AFFECT.CONFIG;

/** A machine's memory and processors: as many as it may have, and to be changed while it is off. */
export function sizeHandlers(machines: Machines): DomainConfigHandlers & DomainTuningHandlers {
  const { manage } = machines;

  const modify = (dom: Domain, what: string, flags: number, context: CallContext, words: readonly string[]) =>
    machines.change(dom, { api: "modifyvm", context }, async () => {
      const runs = isActive(await machines.info(dom));
      targetsOf({ isActive: runs, persistent: true }, flags);
      if (runs)
        throw vboxError("OPERATION_INVALID", `${what} can't be changed unless domain is powered down`, {
          hint: "virsh shutdown, then again",
        });
      await manage.run("modifyvm", dom.uuid, ...words);
    });

  async function setMemory(dom: Domain, kibibytes: bigint, flags: number, context: CallContext): Promise<void> {
    const most = await maxMemory(manage);
    if (kibibytes > BigInt(most))
      throw vboxError("INVALID_ARG", `a machine may have ${most} KiB of memory at most, not ${kibibytes}`);
    const megabytes = (kibibytes + 1023n) / 1024n;
    await modify(dom, "memory size", flags & WHERE, context, ["--memory", String(megabytes)]);
  }
  const setVcpus = (dom: Domain, count: number, flags: number, context: CallContext) =>
    modify(dom, "number of processors", flags & WHERE, context, ["--cpus", String(count)]);

  return {
    domainSetMemory: ({ dom, memory }, context) => setMemory(dom, memory, 0, context),
    domainSetMemoryFlags({ dom, memory, flags }, context) {
      checkFlags(flags, WHERE | MEMORY_FLAG.MAXIMUM, "vboxDomainSetMemoryFlags");
      return setMemory(dom, memory, flags, context);
    },
    domainSetMaxMemory: ({ dom, memory }, context) => setMemory(dom, memory, 0, context),
    domainGetMaxMemory: async ({ dom }) => BigInt((await machines.info(dom)).number("memory", 0)) * 1024n,
    domainSetVcpus: ({ dom, nvcpus }, context) => setVcpus(dom, nvcpus, 0, context),
    domainSetVcpusFlags({ dom, nvcpus, flags }, context) {
      checkFlags(flags, WHERE | VCPU_FLAG.MAXIMUM, "vboxDomainSetVcpusFlags");
      return setVcpus(dom, nvcpus, flags, context);
    },
    async domainGetVcpusFlags({ dom, flags }) {
      checkFlags(flags, WHERE | VCPU_FLAG.MAXIMUM, "vboxDomainGetVcpusFlags");
      return (await machines.info(dom)).number("cpus", 1);
    },
    async domainGetMaxVcpus({ dom }) {
      await machines.find(dom);
      return maxCpus(manage);
    },
  };
}
