import { type Domain, type DomainSnapshot, type DomainSnapshotHandlers, VirtError } from "@polyvisor/core";
import { alignSnapshotDisks, parseSnapshot, redefineSnapshot, type Snapshot } from "@polyvisor/sdk/conf/snapshot";
import { statusWords } from "@polyvisor/sdk/lifecycle";
import { parseValidXml } from "@polyvisor/sdk/schema";
import { HOOKS } from "./config.js";
import type { TestDomain } from "./domain.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";
import { stop } from "./lifecycle.js";
import { DELETE_FLAG, deleteMoment } from "./moment-deletion.js";
import { findSnapshot } from "./snapshot-lookup.js";

const CREATE = { REDEFINE: 1, CURRENT: 2, HALT: 8, QUIESCE: 64, ATOMIC: 128, LIVE: 256, VALIDATE: 512 } as const;
const CREATE_FLAGS = Object.values<number>(CREATE).reduce((all, flag) => all | flag, 0);
const REVERT = { RUNNING: 1, PAUSED: 2, FORCE: 4 } as const;

/** Taking snapshots, going back to them, and throwing them away. There are no disks: a snapshot is a configuration. */
export function snapshotHandlers(hypervisor: TestHypervisor): DomainSnapshotHandlers {
  const { domains } = hypervisor;

  function create(domain: TestDomain, xmlDesc: string, flags: number): DomainSnapshot {
    const redefine = (flags & CREATE.REDEFINE) !== 0;
    const parsed = parseSnapshot(xmlDesc, { redefine, domain: { hooks: HOOKS } });
    const snapshot = redefine ? redefined(domain, parsed) : taken(domain, parsed);
    domain.snapshots.set(snapshot);
    if (!redefine || (flags & CREATE.CURRENT) !== 0) domain.snapshots.current = snapshot.name;
    if (!redefine && (flags & CREATE.HALT) !== 0 && domain.isActive) stop(hypervisor, domain, "endForSnapshot");
    return { name: snapshot.name, dom: domain.ref };
  }

  return {
    domainSnapshotCreateXML({ dom, xmlDesc, flags }) {
      checkFlags(flags, CREATE_FLAGS, "testDomainSnapshotCreateXML");
      const domain = creatable(hypervisor, dom, flags);
      if ((flags & CREATE.VALIDATE) === 0) return create(domain, xmlDesc, flags);
      return parseValidXml(xmlDesc, "snapshot").then(() => create(creatable(hypervisor, dom, flags), xmlDesc, flags));
    },

    domainSnapshotDelete({ snap, flags }) {
      checkFlags(flags, DELETE_FLAG.CHILDREN | DELETE_FLAG.CHILDREN_ONLY, "testDomainSnapshotDelete");
      const { domain, snapshot } = findSnapshot(domains, snap);
      deleteMoment(domain.snapshots, snapshot, flags);
    },

    domainRevertToSnapshot({ snap, flags }) {
      checkFlags(flags, REVERT.RUNNING | REVERT.PAUSED | REVERT.FORCE, "testDomainRevertToSnapshot");
      const { domain, snapshot } = findSnapshot(domains, snap);
      revert(hypervisor, domain, snapshot, flags);
    },
  };
}

/** The domain, if a snapshot of it can be taken as `flags` want it. */
function creatable({ domains }: TestHypervisor, dom: Domain, flags: number): TestDomain {
  const domain = domains.find(dom);
  if (domain.hasCheckpoint) {
    const detail = "cannot create snapshot while checkpoint exists";
    throw testError("OPERATION_UNSUPPORTED", detail, "delete the checkpoints first");
  }
  if (domain.persistent || (flags & CREATE.HALT) === 0) return domain;
  const detail = "cannot halt after transient domain snapshot";
  throw testError("OPERATION_INVALID", detail, "define the domain first, or leave --halt out");
}

function redefined({ ref, snapshots }: TestDomain, parsed: Snapshot): Snapshot {
  return redefineSnapshot(parsed, { domainUuid: ref.uuid, others: snapshots.byName });
}

function taken(domain: TestDomain, parsed: Snapshot): Snapshot {
  const { snapshots, config } = domain;
  if (parsed.disks.some(({ location }) => location === "manual")) {
    const detail = "'manual' snapshot mode is not supported by the test driver";
    throw testError("OPERATION_UNSUPPORTED", detail, "choose internal or external");
  }
  const state = statusWords(domain.status).state as NonNullable<Snapshot["state"]>;
  const isExternal = parsed.memory?.location === "external";
  const kept = { location: domain.isActive ? "internal" : "no" } as const;
  const aligned = alignSnapshotDisks(
    { ...parsed, state, memory: isExternal ? parsed.memory : kept, domain: { ...config, id: undefined } },
    { location: isExternal ? "external" : "internal", uniformInternal: true },
  );
  if (snapshots.byName.has(aligned.name)) {
    const detail = `domain moment ${aligned.name} already exists`;
    throw new VirtError("OPERATION_FAILED", detail, { domain: "DOMAIN", hint: "choose another name" });
  }
  return { ...aligned, parent: snapshots.current };
}

/** The domain becomes what it was; it runs again if it ran then, or if `flags` want it. */
function revert(hypervisor: TestHypervisor, domain: TestDomain, snapshot: Snapshot, flags: number): void {
  const ran = snapshot.state === "running" || snapshot.state === "paused";
  const wanted = (flags & (REVERT.RUNNING | REVERT.PAUSED)) !== 0;
  if (!domain.persistent && !ran && !wanted) {
    const detail = "transient domain needs to request run or pause to revert to inactive snapshot";
    throw testError("OPERATION_INVALID", detail, "add --running or --paused");
  }
  const { domain: config, name } = snapshot;
  if (config === undefined) {
    const detail = `snapshot '${name}' lacks domain '${domain.ref.name}' rollback info`;
    throw testError("SNAPSHOT_REVERT_RISKY", detail, "define the snapshot again with its <domain>");
  }
  const wasActive = domain.isActive;
  domain.replace(config);
  hypervisor.domains.reindex(domain);
  if (wasActive) hypervisor.transition(domain, "endForSnapshot");
  if (ran || wanted) {
    hypervisor.boot(domain);
    hypervisor.transition(domain, "revert");
    const pause = snapshot.state === "paused" || (flags & REVERT.PAUSED) !== 0;
    if (pause && (flags & REVERT.RUNNING) === 0) hypervisor.transition(domain, "revertPaused");
  }
  domain.snapshots.current = name;
}
