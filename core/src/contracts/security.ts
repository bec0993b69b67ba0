import { call, defineApi, type HandlersOf } from "../api/define.js";
import { LIMITS } from "../api/limits.js";
import { text } from "../api/types.js";
import { uuid } from "../api/uuid.js";
import { array, flag, i32, struct, u32 } from "../xdr/index.js";

/** A guest as a security driver knows it: its label (an owner, a context, a profile) and whether that was made for it alone. */
export const securityGuest = struct({ uuid, name: text, label: text, relabel: flag });

/** A file, device or socket that the guest is to reach, and how. */
export const securityTarget = struct({ path: text, readOnly: flag, shared: flag });

/** Contract `security.v1`: labels guests and what they touch, and puts everything back. */
export const securityApi = defineApi({
  /** The label for a new guest: the one asked for, or one that no other guest has. */
  generateLabel: call(
    1,
    { uuid, name: text, wanted: text },
    { label: text },
    { acl: ["none"], shape: { returns: "label" } },
  ),
  /** Gives a label back, once the guest is gone. */
  releaseLabel: call(2, { guest: securityGuest }, {}, { acl: ["none"] }),
  /**
   * Labels what the guest will touch, before it starts or before a device is attached. All of it or nothing; where the caller
   * dies meanwhile, `restoreLabels` follows with the same targets, as it does after a call that failed.
   */
  setLabels: call(3, { guest: securityGuest, targets: array(securityTarget, LIMITS.domains) }, {}, { acl: ["none"] }),
  /**
   * Puts back what was there before, after the guest stopped or a device was detached. What another guest still uses stays,
   * and what this one had not got, or is gone by now, does no harm.
   */
  restoreLabels: call(
    4,
    { guest: securityGuest, targets: array(securityTarget, LIMITS.domains) },
    {},
    { acl: ["none"] },
  ),
  /**
   * The words to put in front of the guest's command line, so that it runs under the label. Where that cannot be: see
   * `wrapperRefusal`.
   */
  guestWrapper: call(
    5,
    { guest: securityGuest },
    { argv: array(text, 256) },
    { acl: ["none"], shape: { returns: "argv" } },
  ),
  /** The label that a running process has, and whether it is enforced. */
  processLabel: call(6, { pid: u32 }, { label: text, enforcing: i32 }, { acl: ["none"] }),
  /** The model's name, as `<seclabel>` has it, and its domain of interpretation: what the labels mean. */
  model: call(7, {}, { model: text, doi: text }, { acl: ["none"] }),
});

export interface SecurityDriver extends HandlersOf<typeof securityApi> {}
