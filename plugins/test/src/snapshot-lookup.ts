import type { DomainSnapshot } from "@polyvisor/core";
import type { Snapshot } from "@polyvisor/sdk/conf/snapshot";
import type { DomainRegistry } from "@polyvisor/sdk/store";
import type { TestDomain } from "./domain.js";
import { testError } from "./errors.js";

/** The snapshot behind a reference, and its domain. */
export function findSnapshot(
  domains: DomainRegistry<TestDomain>,
  { dom, name }: DomainSnapshot,
): { readonly domain: TestDomain; readonly snapshot: Snapshot } {
  const domain = domains.find(dom);
  const snapshot = domain.snapshots.byName.get(name);
  if (snapshot === undefined) {
    const detail = `no domain snapshot with matching name '${name}'`;
    throw testError("NO_DOMAIN_SNAPSHOT", detail, "`snapshot-list` shows the snapshots that are here");
  }
  return { domain, snapshot };
}
