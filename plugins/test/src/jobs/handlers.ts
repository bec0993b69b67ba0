import type { Domain, DomainJobHandlers, PolyvisorHandlers } from "@polyvisor/core";
import { jobHandlers } from "@polyvisor/sdk/jobs";
import { checkFlags, testError } from "../errors.js";
import type { TestHypervisor } from "../hypervisor.js";
import { infoOf, JOB_TYPE, type JobReport, paramsOf } from "./report.js";

const STATS = { COMPLETED: 1, KEEP_COMPLETED: 2 } as const;
const ABORT_POSTCOPY = 1;

const NOTHING = {
  type: JOB_TYPE.NONE,
  timeElapsed: 0,
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

/** What a domain's long job does, and how it is made to give up. */
export function domainJobHandlers({ domains, jobs }: TestHypervisor): DomainJobHandlers & PolyvisorHandlers {
  function abort(dom: Domain, flags: number): void {
    checkFlags(flags, ABORT_POSTCOPY, "testDomainAbortJobFlags");
    const domain = domains.find(dom);
    domain.expectActive();
    const report = jobs.reportOf(domain);
    if (report === undefined) {
      throw testError("OPERATION_INVALID", "no job is active on the domain", "`domjobinfo` shows what runs");
    }
    if (flags !== 0) {
      const detail = "current job is not outgoing migration in post-copy mode";
      throw testError("OPERATION_INVALID", detail, "leave --postcopy out");
    }
    jobs.cancel(domain);
  }

  function completed(dom: Domain, keep: boolean): JobReport | undefined {
    const domain = domains.find(dom);
    const report = jobs.completedOf(domain);
    if (!keep) jobs.forgetCompleted(domain);
    return report;
  }

  return {
    ...jobHandlers({
      find: (dom) => withLocks(domains.find(dom)),
      *[Symbol.iterator]() {
        for (const domain of domains) yield withLocks(domain);
      },
    }),

    domainGetJobInfo({ dom }) {
      const domain = domains.find(dom);
      domain.expectActive();
      const report = jobs.reportOf(domain);
      return report === undefined ? NOTHING : infoOf(report);
    },
    domainGetJobStats({ dom, flags }) {
      checkFlags(flags, STATS.COMPLETED | STATS.KEEP_COMPLETED, "testDomainGetJobStats");
      if ((flags & STATS.COMPLETED) !== 0) {
        return statsOf(completed(dom, (flags & STATS.KEEP_COMPLETED) !== 0));
      }
      const domain = domains.find(dom);
      domain.expectActive();
      return statsOf(jobs.reportOf(domain));
    },

    domainAbortJob: ({ dom }) => abort(dom, 0),
    domainAbortJobFlags: ({ dom, flags }) => abort(dom, flags),
  };

  function withLocks(domain: ReturnType<typeof domains.find>) {
    return { ref: domain.ref, knownJobs: jobs.locksOf(domain) };
  }
}

function statsOf(report: JobReport | undefined) {
  return report === undefined ? { type: JOB_TYPE.NONE, params: [] } : { type: report.type, params: paramsOf(report) };
}
