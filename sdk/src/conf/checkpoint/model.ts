import type { Moment } from "../moment/model.js";

export type CheckpointDisk =
  | { readonly name: string; readonly checkpoint: "no" }
  | {
      /** The disk's target; before alignment it may be the path of its source. */
      readonly name: string;
      readonly checkpoint: "bitmap";
      /** The bitmap's name in the image; always there after alignment. */
      readonly bitmap?: string | undefined;
      /** Bytes that a backup since the checkpoint would copy, where a driver has looked. */
      readonly size?: number | undefined;
    };

/** A moment of a domain from which on the blocks are marked that its disks write. */
export interface Checkpoint extends Moment {
  readonly disks: readonly CheckpointDisk[];
}
