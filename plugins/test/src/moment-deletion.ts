import type { MomentTree } from "@polyvisor/sdk/conf/moment";

/** Flags of a deletion, the same for snapshots and checkpoints. */
export const DELETE_FLAG = { CHILDREN: 1, METADATA_ONLY: 2, CHILDREN_ONLY: 4 } as const;

/** Deletes a moment, those that follow it, or both. */
export function deleteMoment<M extends { readonly name: string; readonly parent?: string | undefined }>(
  tree: MomentTree<M>,
  moment: M,
  flags: number,
): void {
  if ((flags & (DELETE_FLAG.CHILDREN | DELETE_FLAG.CHILDREN_ONLY)) !== 0) tree.removeDescendants(moment);
  if ((flags & DELETE_FLAG.CHILDREN_ONLY) === 0) tree.remove(moment);
}
