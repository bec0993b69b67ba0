import { AFFECT, type Domain, type DomainTuningHandlers, type TypedParam } from "@polyvisor/core";
import { checkParams, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { configFor, editOne } from "./edit.js";
import { checkFlags } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** What the host's processors can count. In libvirt's order. */
const PERF_EVENTS = [
  "cmt",
  "mbmt",
  "mbml",
  "cpu_cycles",
  "instructions",
  "cache_references",
  "cache_misses",
  "branch_instructions",
  "branch_misses",
  "bus_cycles",
  "stalled_cycles_frontend",
  "stalled_cycles_backend",
  "ref_cpu_cycles",
  "cpu_clock",
  "task_clock",
  "page_faults",
  "context_switches",
  "cpu_migrations",
  "page_faults_min",
  "page_faults_maj",
  "alignment_faults",
  "emulation_faults",
] as const;
const KNOWN_EVENTS = Object.fromEntries(PERF_EVENTS.map((name) => [name, "boolean"] as const));

/** A scheduler whose weight never changes, and which events are counted. */
export function schedulerHandlers(hypervisor: TestHypervisor): DomainTuningHandlers {
  const { domains } = hypervisor;

  function get(dom: Domain, flags: number): TypedParam[] {
    checkFlags(flags, 0, "testDomainGetSchedulerParametersFlags");
    domains.find(dom);
    return [{ field: "weight", type: "uint", value: 50 }];
  }

  function set(dom: Domain, params: readonly TypedParam[], flags: number): void {
    checkFlags(flags, 0, "testDomainSetSchedulerParametersFlags");
    checkParams(params, { weight: "uint" });
    domains.find(dom);
  }

  return {
    domainGetSchedulerType: () => ({ type: "fair", nparams: 1 }),
    domainGetSchedulerParameters: ({ dom }) => get(dom, 0),
    domainGetSchedulerParametersFlags: ({ dom, flags }) => get(dom, flags === STRING_OKAY ? 0 : flags),
    domainSetSchedulerParameters: ({ dom, params }) => set(dom, params, 0),
    domainSetSchedulerParametersFlags: ({ dom, params, flags }) => set(dom, params, flags),

    domainGetPerfEvents({ dom, flags }) {
      checkFlags(flags, AFFECTED | STRING_OKAY, "testDomainGetPerfEvents");
      const { perf } = configFor(hypervisor, dom, flags);
      return PERF_EVENTS.map((field): TypedParam => {
        const value = perf?.find(({ name }) => name === field)?.enabled === "yes";
        return { field, type: "boolean", value };
      });
    },

    domainSetPerfEvents({ dom, params, flags }) {
      checkFlags(flags, AFFECTED, "testDomainSetPerfEvents");
      checkParams(params, KNOWN_EVENTS);
      const asked = new Map(params.map(({ field, value }) => [field, value ? "yes" : "no"] as const));
      editOne(hypervisor, dom, flags, (config) => {
        const before = new Map(config.perf?.map(({ name, enabled }) => [name, enabled] as const));
        const perf = PERF_EVENTS.flatMap((name) => {
          const enabled = asked.get(name) ?? before.get(name);
          return enabled === undefined ? [] : [{ name, enabled }];
        });
        return { ...config, perf };
      });
    },
  };
}
