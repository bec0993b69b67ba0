import type { DomainSnapshotHandlers } from "@polyvisor/core";
import { snapshotViews } from "@polyvisor/sdk/snapshots";
import type { TestHypervisor } from "./hypervisor.js";

/** Which snapshots there are, and what they hold. */
export function snapshotListHandlers({ domains }: TestHypervisor): DomainSnapshotHandlers {
  return snapshotViews({ prefix: "test", errorDomain: "TEST", of: (dom) => domains.find(dom) });
}
