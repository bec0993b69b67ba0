import { VirtError } from "@polyvisor/core";
import { type Context, expectContext, formatContext } from "./context.js";
import type { GuestContexts } from "./guest-contexts.js";

/** What a new guest asks for. */
export interface LabelWish {
  /** `kvm`, `qemu` and so on. */
  readonly domainType: string;
  /** The whole label of a fixed guest; of another one the context to begin with, or nothing. */
  readonly wanted: string;
  readonly fixed: boolean;
}

export interface GuestLabels {
  readonly label: string;
  readonly imageLabel: string;
  readonly level: string;
}

/** The policy's context for guests of a type. */
export function baseContext({ process, emulatedProcess }: GuestContexts, domainType: string): string {
  return domainType === "qemu" ? (emulatedProcess ?? process) : process;
}

/**
 * The labels of a guest. User and role are those of the manager, `own`; one that is not fixed gets its level from `newLevel`,
 * which is asked only then.
 */
export function labelGuest(
  { domainType, wanted, fixed }: LabelWish,
  contexts: GuestContexts,
  own: Context,
  newLevel: () => string,
): GuestLabels {
  const image = expectContext(contexts.image, "the image context of the policy");
  if (fixed) {
    const { range } = expectContext(wanted, "security label");
    if (range === undefined) {
      throw new VirtError("SYSTEM_ERROR", `unable to get selinux context range of '${wanted}'`, {
        domain: "SECURITY",
        hint: "a label has a level, such as system_u:system_r:svirt_t:s0:c1,c2",
      });
    }
    return { label: wanted, imageLabel: formatContext({ ...image, user: own.user, range }), level: range };
  }
  const base = expectContext(wanted || baseContext(contexts, domainType), "base SELinux context");
  const level = newLevel();
  return {
    label: formatContext({ ...base, user: own.user, role: own.role, range: level }),
    imageLabel: formatContext({ ...image, user: own.user, range: level }),
    level,
  };
}
