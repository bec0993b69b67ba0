import { array, i64, named, struct, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { type Domain, domain, text } from "./types.js";

/** A job of a domain: one call that holds the domain or waits for it. */
export interface DomainJob {
  readonly dom: Domain;
  /** Names the job as long as it is there; never used twice in the life of a daemon. */
  readonly id: bigint | number;
  /** `normal`, `async` or `agent`: the slot that it holds or waits for. */
  readonly slot: string;
  /** What it does, such as `modify` or `start`. */
  readonly kind: string;
  /** The call that it belongs to. */
  readonly api: string;
  /** `running` or `waiting`. */
  readonly state: string;
  /** Milliseconds since it was asked for. */
  readonly age: bigint | number;
}

const domainJob = named<DomainJob, DomainJob>(
  struct({ dom: domain, id: i64, slot: text, kind: text, api: text, state: text, age: u64 }),
);

/** Calls that libvirt does not have, in a program of their own. */
export const polyvisorApi = defineApi({
  /** Every job of every domain, the oldest first. */
  connectListAllDomainJobs: call(
    1,
    { flags: u32 },
    { jobs: array(domainJob, LIMITS.domains) },
    { acl: ["connect:search_domains"], priority: "high", shape: { returns: "jobs" } },
  ),
  /**
   * Ends the wait of a job, or makes one that runs give up; a call that it belongs to fails with `OPERATION_ABORTED`. What
   * the hypervisor was told before may still happen. Fails with `INVALID_ARG` where the domain has no such job.
   */
  domainCancelJob: call(2, { dom: domain, id: i64, flags: u32 }, {}, { acl: ["domain:write"], priority: "high" }),
  /** The names, in this table, of the calls that the driver behind the connection implements. */
  connectListDriverCalls: call(
    3,
    {},
    { calls: array(text, LIMITS.driverCalls) },
    { acl: ["connect:getattr"], priority: "high", by: "session", shape: { returns: "calls" } },
  ),
});

export interface PolyvisorHandlers extends HandlersOf<typeof polyvisorApi> {}
