import {
  checkFlags,
  type Domain,
  type DomainJob,
  type DomainRef,
  type PolyvisorHandlers,
  VirtError,
} from "@polyvisor/core";
import type { DomainJobs } from "./jobs.js";

/** What a driver keeps of a domain, as far as its jobs go. */
export interface HasJobs {
  readonly ref: DomainRef;
  /** `undefined` where the domain has had none yet. */
  readonly knownJobs: DomainJobs | undefined;
}

/** The calls that list and cancel jobs, for a driver to spread into its connections. */
export function jobHandlers(
  domains: Iterable<HasJobs> & { find(reference: Domain): HasJobs },
): Required<PolyvisorHandlers> {
  return {
    connectListAllDomainJobs({ flags }) {
      checkFlags(flags, 0, "connectListAllDomainJobs", "DOMAIN");
      return [...domains].flatMap(jobsOf).sort((a, b) => Number(a.id) - Number(b.id));
    },
    domainCancelJob({ dom, id, flags }) {
      checkFlags(flags, 0, "domainCancelJob", "DOMAIN");
      const domain = domains.find(dom);
      if (domain.knownJobs?.cancel(Number(id)) === true) return;
      throw new VirtError("INVALID_ARG", `domain '${domain.ref.name}' has no job ${id}`, {
        domain: "DOMAIN",
        hint: "it may have ended by now: polyvisor jobs shows those that are there",
      });
    },
  };
}

function jobsOf({ ref, knownJobs }: HasJobs): DomainJob[] {
  return (knownJobs?.list() ?? []).map((job) => ({ ...job, dom: ref, age: Math.round(job.age) }));
}
