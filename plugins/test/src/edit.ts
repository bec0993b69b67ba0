import type { Domain } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf";
import { targetOf, targetsOf } from "@polyvisor/sdk/lifecycle";
import type { TestHypervisor } from "./hypervisor.js";

/** One configuration of a domain, as `flags` (of `AFFECT`) choose it. */
export function configFor({ domains }: TestHypervisor, dom: Domain, flags: number): Config {
  const domain = domains.find(dom);
  return domain.configOf(targetOf(domain, flags));
}

/** Changes the one configuration that `flags` choose. A change that throws changes nothing. */
export function editOne(
  { domains }: TestHypervisor,
  dom: Domain,
  flags: number,
  change: (config: Config, live: boolean) => Config,
): void {
  const domain = domains.find(dom);
  const target = targetOf(domain, flags);
  const isLive = target === "live";
  domain.configure(target, change(domain.configOf(target), isLive));
}

/** Changes each configuration that `flags` choose: all of them or none. */
export function editAll(
  { domains }: TestHypervisor,
  dom: Domain,
  flags: number,
  change: (config: Config) => Config,
): void {
  const domain = domains.find(dom);
  const changed = targetsOf(domain, flags).map((target) => [target, change(domain.configOf(target))] as const);
  for (const [target, config] of changed) domain.configure(target, config);
}
