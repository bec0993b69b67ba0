import { XML_FLAG } from "@polyvisor/core";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import { sourcePath } from "@polyvisor/sdk/conf/moment";
import {
  alignSnapshotDisks,
  parseSnapshot,
  pathsToName,
  redefineSnapshot,
  type Snapshot,
  type SnapshotAlignOptions,
} from "@polyvisor/sdk/conf/snapshot";
import { statusWords } from "@polyvisor/sdk/lifecycle";
import { jobPlace, kindsOf } from "../blockjobs/index.js";
import type { QemuDomain } from "../domain.js";
import { qemuError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";
import { snapshotReading } from "./documents.js";
import { checkDisksIdle, snapshotLive } from "./live.js";
import { snapshotInside, snapshotOff } from "./offline.js";
import { prepareDisks } from "./prepare.js";

export const CREATE = {
  REDEFINE: 1,
  CURRENT: 2,
  NO_METADATA: 4,
  HALT: 8,
  DISK_ONLY: 16,
  REUSE_EXT: 32,
  QUIESCE: 64,
  ATOMIC: 128,
  LIVE: 256,
  VALIDATE: 512,
} as const;

export interface CreateWish {
  readonly xml: string;
  readonly flags: number;
}

/** Takes a snapshot, or defines one again. Called while a job of the domain is held. Resolves with it as it is kept. */
export async function createSnapshot(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  { xml, flags }: CreateWish,
): Promise<Snapshot> {
  const has = (flag: keyof typeof CREATE) => (flags & CREATE[flag]) !== 0;
  const parsed = parseSnapshot(xml, {
    redefine: has("REDEFINE"),
    offline: has("DISK_ONLY") || !domain.isActive,
    ...snapshotReading(hypervisor.layout),
  });
  checkWish(domain, parsed, flags);
  if (has("REDEFINE")) return redefine(hypervisor, domain, parsed, flags);
  if (has("QUIESCE")) throw qemuError("ARGUMENT_UNSUPPORTED", "QEMU guest agent is not configured");
  const wanted = await aligned(hypervisor, domain, parsed, flags);
  const reuse = has("REUSE_EXT");
  const config = await hypervisor.configOf(domain);
  const paths = wanted.disks.flatMap(({ location, source }) =>
    location === "external" && source.type !== "network" ? (sourcePath(source) ?? []) : [],
  );
  if (domain.guest !== undefined) checkDisksIdle(jobPlace(hypervisor, domain, domain.active()), wanted.disks);
  const kinds = await kindsOf(paths);
  const disks = prepareDisks(wanted, { config, isActive: domain.isActive, reuse }, kinds);
  const tree = await hypervisor.snapshots.of(domain);
  const keeps = !has("NO_METADATA");
  const snapshot: Snapshot = {
    ...wanted,
    disks,
    ...(keeps && tree.current !== undefined ? { parent: tree.current } : {}),
  };
  if (keeps && tree.byName.has(snapshot.name)) {
    const hint = "choose another name, or delete that one";
    throw qemuError("OPERATION_FAILED", `domain moment ${snapshot.name} already exists`, { hint });
  }
  await take(hypervisor, domain, snapshot, reuse);
  if (keeps) await hypervisor.snapshots.save(domain, snapshot, true);
  return snapshot;
}

function checkWish(domain: QemuDomain, { name, memory, state }: Snapshot, flags: number): void {
  if ((flags & CREATE.NO_METADATA) === 0) {
    const refuse = (why: string) => qemuError("XML_DETAIL", `invalid snapshot name '${name}': name can't ${why}`);
    if (name.includes("/")) throw refuse("contain '/'");
    if (name.startsWith(".")) throw refuse("start with '.'");
  }
  if ((flags & CREATE.LIVE) !== 0 && (!domain.isActive || memory?.location !== "external")) {
    const detail = "live snapshot creation is supported only during full system snapshots";
    throw qemuError("OPERATION_UNSUPPORTED", detail);
  }
  const now = (flags & CREATE.REDEFINE) === 0 ? statusWords(domain.status).state : state;
  if (now !== "pmsuspended") return;
  throw qemuError("OPERATION_UNSUPPORTED", "qemu doesn't support taking snapshots of PMSUSPENDED guests");
}

async function redefine(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  parsed: Snapshot,
  flags: number,
): Promise<Snapshot> {
  const tree = await hypervisor.snapshots.of(domain);
  const diskOnly = (flags & CREATE.DISK_ONLY) !== 0;
  const snapshot = redefineSnapshot(parsed, { domainUuid: domain.uuid, others: tree.byName, diskOnly });
  const current = (flags & CREATE.CURRENT) !== 0 || tree.current === snapshot.name;
  await hypervisor.snapshots.save(domain, snapshot, current);
  return snapshot;
}

/** The snapshot with the domain as it is, and every disk's part in it. */
async function aligned(hypervisor: Hypervisor, domain: QemuDomain, parsed: Snapshot, flags: number): Promise<Snapshot> {
  const config = await keptConfig(hypervisor, domain);
  const isLive = domain.isActive;
  const inactive = isLive && domain.persistent ? await hypervisor.definitions.load(domain.name) : undefined;
  const described = { ...parsed, domain: config, ...(inactive === undefined ? {} : { inactiveDomain: inactive }) };
  const diskOnly = (flags & CREATE.DISK_ONLY) !== 0;
  const state = statusWords(domain.status).state as NonNullable<Snapshot["state"]>;
  if (diskOnly) {
    const kept: Snapshot = { ...described, state: isLive ? "disk-snapshot" : "shutoff", memory: { location: "no" } };
    return align(kept, { location: "external", uniformInternal: true });
  }
  if (parsed.memory?.location === "external") throw noMemory();
  if (isLive && parsed.memory?.location === "no") {
    throw qemuError("OPERATION_UNSUPPORTED", "internal snapshot of a running VM must include the memory state");
  }
  const memory = { location: state === "shutoff" ? "no" : "internal" } as const;
  return align({ ...described, state, memory }, { location: "internal", uniformInternal: true });
}

async function align(snapshot: Snapshot, options: SnapshotAlignOptions): Promise<Snapshot> {
  const kinds = await kindsOf(pathsToName(snapshot, options));
  const isRegularFile = (path: string) => ["file", "empty"].includes(kinds.get(path) ?? "none");
  return alignSnapshotDisks(snapshot, { ...options, isRegularFile });
}

/** The domain as another start would have it. */
async function keptConfig(hypervisor: Hypervisor, domain: QemuDomain): Promise<DomainConfig> {
  const { configurations } = hypervisor;
  const config = await hypervisor.configOf(domain);
  const text = await configurations.format(config, XML_FLAG.SECURE | XML_FLAG.MIGRATABLE, domain.guest?.askedCpu);
  return configurations.readStored(text);
}

function noMemory(): Error {
  return qemuError("OPERATION_UNSUPPORTED", "snapshots of a guest's memory are not supported yet", {
    hint: "add --disk-only",
  });
}

async function take(hypervisor: Hypervisor, domain: QemuDomain, snapshot: Snapshot, reuse: boolean): Promise<void> {
  const { disks, memory, name } = snapshot;
  if (domain.isActive) {
    if (memory?.location !== "no") throw noMemory();
    await snapshotLive(jobPlace(hypervisor, domain, domain.active()), disks, { reuse });
    return;
  }
  const definition = await hypervisor.definitions.load(domain.name);
  if (!disks.some(({ location }) => location === "external")) {
    await snapshotInside("-c", name, definition, disks);
    return;
  }
  const made = await snapshotOff(definition, disks, reuse);
  try {
    await hypervisor.definitions.save(made.definition);
  } catch (error) {
    await made.undo();
    throw error;
  }
}
