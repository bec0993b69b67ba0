import type { SecurityGuest, SecurityTarget } from "@polyvisor/core";
import type { LabelItem } from "@polyvisor/sdk/labels";

/** What the operator has set. */
export interface Ownership {
  /** Files of guests are given to them; else only what we make for them ourselves. */
  readonly dynamic: boolean;
  readonly remember: boolean;
}

/** What the guest writes is under the label of its images; the rest is under that of its process. */
const IMAGES = ["image", "backing", "kernel", "loader", "nvram"];
const OTHERS = ["device", "input", "chardev", "socket", "tpm", "memory", "folder", "secret"];

/** A target that is to get an owner, and that owner's label. */
export interface Wish {
  readonly target: SecurityTarget;
  readonly label: string;
}

/** The targets that get an owner: as libvirt has it, firmware that is only read is none of them. */
export function wishesOf(
  guest: SecurityGuest,
  targets: readonly SecurityTarget[],
  { dynamic }: Pick<Ownership, "dynamic">,
): Wish[] {
  return targets.flatMap((target) => {
    const { kind, own, override, readOnly } = target;
    const isImage = IMAGES.includes(kind);
    if (!isImage && !OTHERS.includes(kind)) return [];
    if (!own && (!dynamic || !guest.relabel)) return [];
    if (override?.relabel === false || (kind === "loader" && readOnly)) return [];
    return [{ target, label: override?.label || (isImage ? guest.imageLabel : guest.label) }];
  });
}

/** How one of them is labelled. `owner` is its label by numbers. */
export function itemOf(target: SecurityTarget, owner: string, remember: boolean): LabelItem {
  const { kind, path, own, optional, shared, readOnly } = target;
  const isDisk = kind === "image" || kind === "backing";
  return {
    path,
    label: owner,
    remember: remember && !isForgotten(target),
    shared: isDisk && (shared || readOnly),
    own,
    optional,
  };
}

/** Nothing is kept on sockets, on devices that several guests may have, and on what goes with the guest. */
function isForgotten({ kind, own, shared }: SecurityTarget): boolean {
  return own || kind === "socket" || kind === "tpm" || (kind === "device" && shared);
}

/** Files on which something is kept, and so changed by one manager at a time. */
export function isLockable(target: SecurityTarget): boolean {
  return !isForgotten(target) && !target.optional;
}
