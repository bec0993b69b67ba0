import { type ConfFolders, qemuHooks } from "../conf/index.js";

export { MomentTree } from "@polyvisor/sdk/conf/moment";
export { formatSnapshot, parseStoredSnapshot } from "@polyvisor/sdk/conf/snapshot";

/** How the configurations in snapshots are read: what their emulator can do was checked when they were made. */
export function snapshotReading(folders: ConfFolders) {
  return { domain: { hooks: qemuHooks(undefined, folders) } };
}
