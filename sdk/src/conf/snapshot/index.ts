export { alignSnapshotDisks, pathsToName, type SnapshotAlignOptions } from "./align.js";
export { formatSnapshot, type SnapshotFormatOptions } from "./format.js";
export { SNAPSHOT_LIST_FLAGS, snapshotsAfter, snapshotsOfDomain } from "./list.js";
export {
  isExternal as isExternalSnapshot,
  isOnline as isOnlineSnapshotState,
  type Snapshot,
  type SnapshotDisk,
  type SnapshotLocation,
  type SnapshotMemory,
  type SnapshotState,
} from "./model.js";
export { parseSnapshot, parseStoredSnapshot, type SnapshotParseOptions } from "./parse.js";
export { type RedefineOptions, redefineSnapshot } from "./redefine.js";
