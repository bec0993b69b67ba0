import type { CallContext, Domain, MaybePromise } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import { type Target, targetOf, targetsOf } from "@polyvisor/sdk/lifecycle";
import { type XenDomain, type XenHypervisor, xenDomain0 } from "../hypervisor.js";

export interface Asked {
  readonly dom: Domain;
  readonly flags: number;
  readonly api: string;
  readonly context: CallContext;
}

export interface Change {
  /** Refuses what cannot be; called for each configuration before anything is changed. */
  edit(config: Config, target: Target, domain: XenDomain): MaybePromise<Config>;
  /** Does to the running domain what `edit` writes down. Where it fails nothing is written down. */
  apply?(domain: XenDomain, edited: Config): MaybePromise<void>;
}

/** Changes the running domain, the definition, or both, as `flags` choose. */
export function tune({ guests }: XenHypervisor, { dom, flags, api, context }: Asked, change: Change): Promise<void> {
  const domain = guests.domains.find(dom);
  return domain.knownJobs.run({ kind: "modify", api, signal: context.signal }, async () => {
    const targets = targetsOf(domain, flags);
    const defined = targets.includes("config") ? await change.edit(domain.config(true), "config", domain) : undefined;
    if (targets.includes("live")) {
      const live = await change.edit(domain.config(), "live", domain);
      await change.apply?.(domain, live);
      await guests.setLive(domain, live);
    }
    if (defined !== undefined) await guests.setDefined(domain, defined);
  });
}

/** The configuration that a query is about. */
export function chosen({ guests }: XenHypervisor, dom: Domain, flags: number): Config {
  const domain = guests.domains.find(dom);
  return domain.config(targetOf(domain, flags) === "config");
}

/** A running domain other than the host's own, in its job. */
export function withRunning<T>(
  { guests }: XenHypervisor,
  { dom, api, context }: Omit<Asked, "flags">,
  work: (domain: XenDomain) => Promise<T>,
): Promise<T> {
  const domain = guests.domains.find(dom);
  return domain.knownJobs.run({ kind: "modify", api, signal: context.signal }, async () => {
    if (domain.active().id === 0) throw xenDomain0();
    return work(domain);
  });
}
