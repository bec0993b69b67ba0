import { call, defineApi, type HandlersOf } from "../api/define.js";
import { uuid } from "../api/uuid.js";
import { array, type FieldsIn, i32, optional, string, struct, u32 } from "../xdr/index.js";

const name = string(65536);

/** What is locked: a disk by its path, or a lease by its lockspace, key, path and offset. */
export const lockResource = struct({ lockspace: optional(name), name, flags: u32 });

/** The guest for which locks are taken. `pid` is the process that becomes the guest. */
export const lockOwner = struct({ uuid, name, id: i32, pid: u32 });

/**
 * Contract `lock.v1`: leases that keep two guests from writing one disk. A lease belongs to the process that becomes the
 * guest, so a manager does not hold it itself: it answers with the command that this process runs before its emulator.
 */
export const lockApi = defineApi({
  /** The command line to put in front of the guest's own; empty where nothing has to be held. */
  guestWrapper: call(
    1,
    { owner: lockOwner, resources: array(lockResource, 1024) },
    { argv: array(name, 256) },
    { acl: ["none"], shape: { returns: "argv" } },
  ),
  /** Takes further leases for a running guest, before a disk is attached. */
  acquire: call(2, { owner: lockOwner, resources: array(lockResource, 1024) }, {}, { acl: ["none"] }),
  /** Gives leases back, after a disk is detached. */
  release: call(3, { owner: lockOwner, resources: array(lockResource, 1024) }, {}, { acl: ["none"] }),
});

export interface LockResource extends FieldsIn<(typeof lockResource)["fields"]> {}
export interface LockOwner extends FieldsIn<(typeof lockOwner)["fields"]> {}
export interface LockManager extends HandlersOf<typeof lockApi> {}
