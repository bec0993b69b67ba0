export { type SnapshotKeeper, type SnapshotsOf, snapshotViews } from "./views.js";
