import type { DomainJobHandlers } from "@polyvisor/core";
import { checkFlags } from "../errors.js";
import type { XenHypervisor } from "../hypervisor.js";

const NONE = 0;
const UNBOUNDED = 2;
const COMPLETED = 1;

/** What a domain is at that takes its time: being saved, or moved. xl does not tell how far it is. */
export function jobInfoHandlers(hypervisor: XenHypervisor): DomainJobHandlers {
  const { domains } = hypervisor.guests;
  const running = (dom: Parameters<typeof domains.find>[0]) =>
    domains
      .find(dom)
      .knownJobs.list()
      .find(({ slot, state }) => slot === "async" && state === "running");
  const nothing = {
    timeRemaining: 0,
    dataTotal: 0,
    dataProcessed: 0,
    dataRemaining: 0,
    memTotal: 0,
    memProcessed: 0,
    memRemaining: 0,
    fileTotal: 0,
    fileProcessed: 0,
    fileRemaining: 0,
  };
  return {
    domainGetJobInfo({ dom }) {
      const job = running(dom);
      return { type: job === undefined ? NONE : UNBOUNDED, timeElapsed: Math.round(job?.age ?? 0), ...nothing };
    },
    domainGetJobStats({ dom, flags }) {
      checkFlags(flags, COMPLETED, "libxlDomainGetJobStats");
      const job = (flags & COMPLETED) === 0 ? running(dom) : undefined;
      domains.find(dom);
      if (job === undefined) return { type: NONE, params: [] };
      return { type: UNBOUNDED, params: [{ field: "time_elapsed", type: "ullong", value: Math.round(job.age) }] };
    },
  };
}
