import {
  type Checkpoint,
  type DomainHooks,
  formatCheckpoint,
  formatSnapshot,
  parseCheckpoint,
  parseSnapshot,
  parseStoredSnapshot,
  type Snapshot,
  type SnapshotParseOptions,
} from "../../conf/index.js";
import type { GoldenCase, GoldenRun, GoldenSuites } from "../case.js";
import { expectExact, expectMode, expectUnwrapped } from "../compare.js";

/** A driver that adds nothing: the configurations inside of these documents are complete. */
const HOOKS: DomainHooks = {
  features: new Set(["memory-hotplug", "offline-vcpupin", "individual-vcpus", "user-alias", "net-model-string"]),
};

function has(row: GoldenCase, flag: string): boolean {
  return Array.isArray(row.flags) && row.flags.includes(flag);
}

/** Without a time in the row the document is taken as it is written. */
function readAt(row: GoldenCase): SnapshotParseOptions {
  const time = row.creationTime;
  const clock = typeof time === "number" && time !== 0 ? { now: () => time } : { skipDefaults: true };
  return { ...clock, redefine: has(row, "TEST_REDEFINE"), domain: { hooks: HOOKS } };
}

const runSnapshot: GoldenRun = async (row, files) => {
  const xml = files.text(row.input);
  const printed = await expectMode(row, () => {
    const read = has(row, "TEST_INTERNAL")
      ? parseStoredSnapshot(xml, readAt(row))
      : { snapshot: parseSnapshot(xml, readAt(row)) };
    const snapshot: Snapshot = has(row, "TEST_RUNNING") ? { ...read.snapshot, state: "running" } : read.snapshot;
    const uuid = typeof row.uuid === "string" ? { domainUuid: row.uuid } : undefined;
    const current = "current" in read ? { current: read.current } : undefined;
    return formatSnapshot(snapshot, { secure: true, ...uuid, ...current });
  });
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

const PARENT = "1525111885";
const SIZE = 1048576;

/** What the rows have a driver fill in. */
function filledIn(row: GoldenCase, checkpoint: Checkpoint): Checkpoint {
  const size = has(row, "TEST_SIZE") ? SIZE : undefined;
  const vda = { name: "vda", checkpoint: "bitmap", bitmap: checkpoint.name, size } as const;
  return {
    ...checkpoint,
    parent: has(row, "TEST_PARENT") ? PARENT : checkpoint.parent,
    disks: has(row, "TEST_VDA_BITMAP") ? [vda, ...checkpoint.disks.slice(1)] : checkpoint.disks,
  };
}

const runCheckpoint: GoldenRun = async (row, files) => {
  const printed = await expectMode(row, () => {
    const checkpoint = filledIn(row, parseCheckpoint(files.text(row.input), readAt(row)));
    return formatCheckpoint(checkpoint, { secure: true, size: has(row, "TEST_SIZE") });
  });
  if (printed !== undefined) expectExact(files, row.expected, printed);
};

export const snapshotSuites: GoldenSuites = { snapshot: () => runSnapshot, checkpoint: () => runCheckpoint };
