import { AFFECT, type CallContext, type Domain, type DomainTuningHandlers, type TypedParam } from "@polyvisor/core";
import { checkParams, numaParams, numberParam, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { checkFlags, xenError } from "../errors.js";
import type { XenHypervisor } from "../hypervisor.js";
import { chosen } from "./change.js";

/** How much of the host's processors a running domain gets, as Xen's scheduler has it. */
export function schedulerHandlers(hypervisor: XenHypervisor): DomainTuningHandlers {
  const { domains } = hypervisor.guests;

  const scheduler = () => {
    const name = hypervisor.session.info.scheduler;
    if (name === "credit" || name === "credit2") return name;
    throw xenError("INTERNAL_ERROR", "Only 'credit' and 'credit2' schedulers are supported", `this host has ${name}`);
  };

  const get = async (dom: Domain, flags: number): Promise<TypedParam[]> => {
    checkFlags(flags, AFFECT.LIVE | STRING_OKAY, "libxlDomainGetSchedulerParametersFlags");
    const { id } = domains.find(dom).active();
    const { weight, cap } = await hypervisor.xl.schedule(scheduler(), id);
    return [
      { field: "weight", type: "uint", value: weight },
      { field: "cap", type: "uint", value: cap },
    ];
  };

  const set = (dom: Domain, params: readonly TypedParam[], flags: number, context: CallContext): Promise<void> => {
    checkFlags(flags, AFFECT.LIVE, "libxlDomainSetSchedulerParametersFlags");
    checkParams(params, { weight: "uint", cap: "uint" });
    const name = scheduler();
    const domain = domains.find(dom);
    return domain.knownJobs.run(
      { kind: "modify", api: "domainSetSchedulerParametersFlags", signal: context.signal },
      async () => {
        const { id } = domain.active();
        const [weight, cap] = [numberParam(params, "weight"), numberParam(params, "cap")];
        const words = [
          ...(weight === undefined ? [] : ["-w", String(weight)]),
          ...(cap === undefined ? [] : ["-c", String(cap)]),
        ];
        if (words.length === 0) return;
        const failure = `Failed to set scheduler parameters for domain '${id}' with libxenlight`;
        await hypervisor.xl.run([`sched-${name}`, "-d", String(id), ...words], failure);
      },
    );
  };

  return {
    domainGetSchedulerType({ dom }) {
      domains.find(dom);
      const { scheduler: name } = hypervisor.session.info;
      return { type: name, nparams: name === "credit" || name === "credit2" ? 2 : 0 };
    },
    domainGetSchedulerParameters: ({ dom }) => get(dom, 0),
    domainGetSchedulerParametersFlags: ({ dom, flags }) => get(dom, flags),
    domainSetSchedulerParameters: ({ dom, params }, context) => set(dom, params, 0, context),
    domainSetSchedulerParametersFlags: ({ dom, params, flags }, context) => set(dom, params, flags, context),

    domainGetNumaParameters({ dom, flags }) {
      checkFlags(flags, AFFECT.LIVE | AFFECT.CONFIG | STRING_OKAY, "libxlDomainGetNumaParameters");
      return numaParams(chosen(hypervisor, dom, flags & ~STRING_OKAY));
    },

    async domainGetCPUStats({ dom, nparams, startCpu, ncpus, flags }) {
      checkFlags(flags, STRING_OKAY, "libxlDomainGetCPUStats");
      const { id } = domains.find(dom).active();
      const rows = await hypervisor.xl.vcpus(id);
      const field = startCpu === -1 ? "cpu_time" : "vcpu_time";
      if (nparams === 0 && ncpus === 0) return { params: [], nparams: hypervisor.session.info.cpus };
      if (nparams === 0) return { params: [], nparams: 1 };
      const sum = (times: readonly bigint[]) => times.reduce((all, time) => all + time, 0n);
      if (startCpu === -1)
        return { params: [{ field, type: "ullong", value: sum(rows.map(({ cpuTime }) => cpuTime)) }], nparams: 1 };
      const cpus = Array.from({ length: ncpus }, (_, index) => startCpu + index);
      const params = cpus.map((cpu): TypedParam => {
        const here = rows.filter((row) => row.cpu === cpu).map(({ cpuTime }) => cpuTime);
        return { field, type: "ullong", value: sum(here) };
      });
      return { params, nparams: 1 };
    },
  };
}
