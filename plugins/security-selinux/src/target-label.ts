import type { SecurityGuest, SecurityTarget } from "@polyvisor/core";
import type { LabelItem } from "@polyvisor/sdk/labels";
import type { GuestContexts } from "./guest-contexts.js";

type Contexts = Pick<GuestContexts, "image" | "content">;

/** What several guests read, and nobody writes while one runs. */
const CONTENT: ReadonlySet<string> = new Set(["backing", "kernel"]);
/** What bears no label for a guest. Firmware is for all of them to read, by the policy. */
const LEFT_ALONE: ReadonlySet<string> = new Set(["loader", "reach", "export"]);
/** Groups of devices: who else uses one remembers nothing of it. */
const DEVICE_GROUP = /^\/dev\/vfio\//;

/**
 * How a target is labelled; `undefined` where it keeps what it has: the guest's files are not to be labelled, or the
 * configuration says so for this one.
 */
export function labelItem(
  target: SecurityTarget,
  guest: Pick<SecurityGuest, "imageLabel" | "relabel">,
  contexts: Contexts,
): LabelItem | undefined {
  const { path, kind, own, optional, override } = target;
  if (!guest.relabel || override?.relabel === false || LEFT_ALONE.has(kind)) return undefined;
  const label = override?.label || labelByUse(target, guest.imageLabel, contexts);
  if (label === "") return undefined;
  const isKept = isForMany(target);
  const remember = !own && !isKept && kind !== "tpm" && !DEVICE_GROUP.test(path);
  return { path, label, remember, shared: isKept, own, optional };
}

/** What is shared to be written has no level, so that each of its guests may write it. */
function labelByUse({ kind, path, readOnly, shared }: SecurityTarget, own: string, contexts: Contexts): string {
  if (CONTENT.has(kind) || readOnly) return contexts.content;
  return shared && !DEVICE_GROUP.test(path) ? contexts.image : own;
}

/**
 * What keeps its label when the guest is done with it. Counts of users would not do: a guest that was started without them is
 * not counted, nor are those of other hosts.
 */
function isForMany({ kind, path, readOnly, shared }: SecurityTarget): boolean {
  if (kind === "backing") return true;
  return (kind === "image" || kind === "device") && (readOnly || shared) && !DEVICE_GROUP.test(path);
}
