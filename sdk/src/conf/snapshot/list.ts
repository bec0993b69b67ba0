import { flagsOf, type ListFilters, selectBy } from "../../store/filters.js";
import type { MomentTree } from "../moment/tree.js";
import { isExternal, type Snapshot } from "./model.js";

/** Of a domain's snapshots: those that follow none. Of a snapshot's: all that follow it, near and far. */
const ROOTS_OR_DESCENDANTS = 1;
const TOPOLOGICAL = 1024;

const isOff = ({ state }: Snapshot) => state === "shutoff";
const isDisksOnly = ({ state }: Snapshot) => state === "disk-snapshot";

/** The filters that look at a snapshot alone. */
const FILTERS: ListFilters<Snapshot> = [
  [
    [2, () => true],
    [16, () => false],
  ],
  [
    [32, isOff],
    [64, (snapshot) => !isOff(snapshot) && !isDisksOnly(snapshot)],
    [128, isDisksOnly],
  ],
  [
    [256, (snapshot) => !isExternal(snapshot)],
    [512, isExternal],
  ],
];
const LEAVES = 4;
const NO_LEAVES = 8;

/** The flags that lists of snapshots know (`virDomainSnapshotListFlags`). */
export const SNAPSHOT_LIST_FLAGS = ROOTS_OR_DESCENDANTS | TOPOLOGICAL | LEAVES | NO_LEAVES | flagsOf(FILTERS);

/** The snapshots of a domain that the flags of a list want, each after those that it follows. */
export function snapshotsOfDomain(tree: MomentTree<Snapshot>, flags: number): Snapshot[] {
  const roots = (flags & ROOTS_OR_DESCENDANTS) !== 0;
  return filtered(tree, roots ? tree.children(undefined) : tree.descendants(undefined), flags);
}

/** The same of those that follow one. */
export function snapshotsAfter(tree: MomentTree<Snapshot>, { name }: Snapshot, flags: number): Snapshot[] {
  const all = (flags & ROOTS_OR_DESCENDANTS) !== 0;
  return filtered(tree, all ? tree.descendants(name) : tree.children(name), flags);
}

function filtered(tree: MomentTree<Snapshot>, found: readonly Snapshot[], flags: number): Snapshot[] {
  const isLeaf = ({ name }: Snapshot) => tree.children(name).length === 0;
  const leaves: ListFilters<Snapshot>[number] = [
    [LEAVES, isLeaf],
    [NO_LEAVES, (snapshot) => !isLeaf(snapshot)],
  ];
  return selectBy(found, [...FILTERS, leaves], flags);
}
