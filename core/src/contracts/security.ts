import { call, defineApi, type HandlersOf } from "../api/define.js";
import { LIMITS } from "../api/limits.js";
import { text } from "../api/types.js";
import { uuid } from "../api/uuid.js";
import { array, type FieldsIn, flag, i32, optional, struct, u32 } from "../xdr/index.js";

/**
 * A guest as a security driver knows it: the label of its process (an owner, a context, a profile), the one of what it
 * writes, and whether its files are to be labelled at all.
 */
export const securityGuest = struct({ uuid, name: text, label: text, imageLabel: text, relabel: flag });

/**
 * What a target is to its guest, in `kind`:
 *
 * - `image`: the top layer of a disk; `backing`: a layer below one
 * - `kernel`: kernel, initial RAM disk, device tree, ACPI tables, files of firmware configuration
 * - `loader`: firmware code; `nvram`: firmware variables
 * - `device`: the node of a host device that the guest gets; `input`: one of an input device
 * - `chardev`: a file, pipe or device behind a character device; `socket`: a unix socket
 * - `tpm`: the node of a host's TPM, or the socket of an emulated one
 * - `memory`: a file that is memory of the guest, or a folder with such files
 * - `folder`: a folder for files of the guest; `secret`: a key
 * - `reach`: a file, socket or device that the guest opens as it is, such as another program's socket; `export`: a folder of
 *   the host that it shows inside. Drivers that put labels on files leave both alone.
 */
export const SECURITY_TARGET_KINDS = [
  "image",
  "backing",
  "kernel",
  "loader",
  "nvram",
  "device",
  "input",
  "chardev",
  "socket",
  "tpm",
  "memory",
  "folder",
  "secret",
  "reach",
  "export",
] as const;

/**
 * A file, device or socket that the guest is to reach, and how. `own` is what was made for this run of the guest and goes
 * with it: nobody needs to know what it was before, and its name leads nowhere else.
 *
 * What is `optional` may not be there, and is passed over then.
 *
 * `override` is what the configuration wants for this one target in the driver's model: that it is left alone, or a label
 * of its own (empty for the guest's).
 */
export const securityTarget = struct({
  path: text,
  kind: text,
  readOnly: flag,
  shared: flag,
  own: flag,
  optional: flag,
  override: optional(struct({ relabel: flag, label: text })),
});

const targets = array(securityTarget, LIMITS.domains);

/** The user that a guest's process is, its group and its supplementary groups. */
const guestUser = struct({ uid: u32, gid: u32, groups: array(u32, 65536) });

/** Contract `security.v1`: labels guests and what they touch, and puts everything back. */
export const securityApi = defineApi({
  /**
   * The labels of a new guest: of its process, and of what it writes. A `fixed` guest has the label that is `wanted`; any
   * other one a label that is its own, of which `wanted` may be a part, where it is not empty. `domainType` is `kvm`, `qemu`
   * and the like: an emulated processor may need other rights.
   */
  generateLabel: call(
    1,
    { uuid, name: text, domainType: text, wanted: text, fixed: flag },
    { label: text, imageLabel: text },
    { acl: ["none"] },
  ),
  /** Gives a label back, once the guest is gone. */
  releaseLabel: call(2, { guest: securityGuest }, {}, { acl: ["none"] }),
  /**
   * Labels what the guest will touch, before it starts or before a device is attached. All of it or nothing; where the caller
   * dies meanwhile, `restoreLabels` follows with the same targets, as it does after a call that failed.
   */
  setLabels: call(3, { guest: securityGuest, targets }, {}, { acl: ["none"] }),
  /**
   * Puts back what was there before, after the guest stopped or a device was detached. What another guest still uses stays,
   * and what this one had not got, or is gone by now, does no harm.
   */
  restoreLabels: call(4, { guest: securityGuest, targets }, {}, { acl: ["none"] }),
  /**
   * The words to put in front of the guest's command line, so that it runs under the label. They run as the guest's user,
   * with no more privileges than the guest's; with `newPrivileges` they need an exec that may still give some, as a change of
   * context is. Where that cannot be: see `wrapperRefusal`.
   */
  guestWrapper: call(5, { guest: securityGuest }, { argv: array(text, 256), newPrivileges: flag }, { acl: ["none"] }),
  /** The label that a running process has, and whether it is enforced. */
  processLabel: call(6, { pid: u32 }, { label: text, enforcing: i32 }, { acl: ["none"] }),
  /**
   * The model's name, as `<seclabel>` has it, its domain of interpretation (what the labels mean), and the labels from which
   * those of guests are made, by the type of their domains: `kvm`, `qemu`.
   */
  model: call(
    7,
    {},
    { model: text, doi: text, baseLabels: array(struct({ type: text, label: text }), 64) },
    { acl: ["none"] },
  ),
  /** Whom the guest runs as; `null` where that is not this driver's to say. Asked before each start. */
  processIdentity: call(
    8,
    { guest: securityGuest },
    { identity: optional(guestUser) },
    { acl: ["none"], shape: { returns: "identity" } },
  ),
  /**
   * Tells of a guest that runs since before the caller started: its label is taken. Does no harm where the driver knows it.
   */
  reserveLabel: call(9, { guest: securityGuest, pid: u32 }, {}, { acl: ["none"] }),
  /**
   * What sockets bear that are made for the guest, as text for /proc/thread-self/attr/sockcreate: those on which it listens,
   * and those with which the caller connects to it. Empty where nothing. Asked before each start, and before a running guest's
   * monitor is connected to again.
   */
  socketLabels: call(10, { guest: securityGuest }, { listening: text, connecting: text }, { acl: ["none"] }),
});

export type SecurityTargetKind = (typeof SECURITY_TARGET_KINDS)[number];
export interface SecurityGuest extends FieldsIn<(typeof securityGuest)["fields"]> {}
export interface SecurityTarget extends FieldsIn<(typeof securityTarget)["fields"]> {}
export interface GuestUser extends FieldsIn<(typeof guestUser)["fields"]> {}
export interface SecurityDriver extends HandlersOf<typeof securityApi> {}
