import { VirtError } from "@polyvisor/core";
import type { Domain } from "../domain/model/index.js";
import { checkParents, type MomentPlace } from "../moment/parents.js";
import { alignSnapshotDisks } from "./align.js";
import { isExternal, isOnline, type Snapshot } from "./model.js";

export interface RedefineOptions {
  readonly domainUuid: string;
  /** The domain's snapshots by name; one of the same name is replaced. */
  readonly others: ReadonlyMap<string, Snapshot>;
  /** Only a snapshot of the disks alone will do. */
  readonly diskOnly?: boolean;
  /** Throws where two configurations are not of one machine. */
  readonly checkStability?: (old: Domain, redefined: Domain) => void;
}

/** A snapshot that is defined again, checked against the domain's others, and with one entry for each disk. */
export function redefineSnapshot(snapshot: Snapshot, options: RedefineOptions): Snapshot {
  const others: ReadonlyMap<string, MomentPlace> = options.others;
  checkParents(snapshot, others);
  const old = options.others.get(snapshot.name);
  checkRedefinition(snapshot, old, options);
  const external = snapshot.state === "disk-snapshot" || isExternal(snapshot);
  return alignSnapshotDisks(snapshot, {
    location: external ? "external" : "internal",
    uniformInternal: true,
    domain: old?.domain,
  });
}

function checkRedefinition(snapshot: Snapshot, old: Snapshot | undefined, options: RedefineOptions): void {
  const { name, state, domain } = snapshot;
  const disksOnly = state === "disk-snapshot";
  if (options.diskOnly === true && !disksOnly) {
    refuse(`disk-only flag for snapshot ${name} requires disk-snapshot state`, "Write <state>disk-snapshot</state>.");
  }
  if (domain !== undefined && domain.uuid !== options.domainUuid) {
    refuse(`definition for snapshot ${name} must use uuid ${options.domainUuid}`, `It has ${domain.uuid}.`);
  }
  if (old === undefined) return;
  if (isOnline(old.state) !== isOnline(state)) {
    const words = `cannot change between online and offline snapshot state in snapshot ${name}`;
    refuse(words, `Keep <state>${old.state}</state>, or choose another name.`);
  }
  if ((old.state === "disk-snapshot") !== disksOnly) {
    const words = `cannot change between disk only and full system in snapshot ${name}`;
    refuse(words, `Keep <state>${old.state}</state>, or choose another name.`);
  }
  if (old.domain !== undefined && domain !== undefined) options.checkStability?.(old.domain, domain);
}

function refuse(detail: string, hint: string): never {
  throw new VirtError("INVALID_ARG", detail, { domain: "DOMAIN_SNAPSHOT", hint });
}
