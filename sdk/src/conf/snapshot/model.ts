import type { XmlElement } from "../../xml/index.js";
import type { Domain, StorageFormat, StorageSource } from "../domain/model/index.js";
import type { Moment } from "../moment/model.js";

/** Where the state of a disk goes: nowhere, into its image, into a new image above it, or wherever the user puts it. */
export type SnapshotLocation = "no" | "internal" | "external" | "manual";

/** What the domain did at that time, or `disk-snapshot`: a running domain whose disks alone were kept. */
export type SnapshotState =
  | "running"
  | "blocked"
  | "paused"
  | "shutdown"
  | "shutoff"
  | "crashed"
  | "pmsuspended"
  | "disk-snapshot";

export type SnapshotMemory =
  | { readonly location: "no" | "internal" }
  | { readonly location: "external"; readonly file: string };

export interface SnapshotDisk {
  /** The disk's target; before alignment it may be the path of its source. */
  readonly name: string;
  /** Always there after alignment. */
  readonly location?: SnapshotLocation | undefined;
  /** The new image of an external snapshot; without a path where one is to be made up. */
  readonly source: StorageSource;
  readonly format?: StorageFormat | undefined;
  /** A deletion was begun and has not ended. */
  readonly deleteInProgress?: boolean | undefined;
}

/** A domain snapshot. Of one that is still to be made, `state` and `domain` are what its driver fills in. */
export interface Snapshot extends Moment {
  readonly state?: SnapshotState | undefined;
  readonly memory?: SnapshotMemory | undefined;
  readonly disks: readonly SnapshotDisk[];
  /** The persistent configuration, where a running domain's differs from it. */
  readonly inactiveDomain?: Domain | undefined;
  /** What the driver needs to bring the guest back, in its own elements. */
  readonly cookie?: readonly XmlElement[] | undefined;
}

/** Whether any part of the state lies outside of the domain's images. */
export function isExternal(snapshot: Snapshot): boolean {
  return snapshot.memory?.location === "external" || snapshot.disks.some((disk) => disk.location === "external");
}

/** Whether the guest's memory and devices were kept, so that it goes on where it was. */
export function isOnline(state: SnapshotState | undefined): boolean {
  return state === "running" || state === "paused";
}
