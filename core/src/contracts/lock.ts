import { call, defineApi, type HandlersOf } from "../api/define.js";
import { uuid } from "../api/uuid.js";
import { array, type FieldsIn, i32, optional, string, struct, u32, u64 } from "../xdr/index.js";

const name = string(65536);

/** How a resource is used, in `flags`: bits, with libvirt's values. */
export const LOCK_RESOURCE_FLAG = { READONLY: 1, SHARED: 2 } as const;

/**
 * What is locked: a disk by its path in `name`; or a lease of the configuration by its lockspace, by its key in `name`, and
 * by the file that keeps it with the offset in bytes there. A disk has neither lockspace nor path.
 */
export const lockResource = struct({
  lockspace: optional(name),
  name,
  path: optional(name),
  offset: u64,
  flags: u32,
});

/**
 * The guest for which locks are taken. `pid` is the process that becomes the guest, 0 where it does not exist yet; `uri` is
 * where the guest can be managed, and `onLockFailure` what is to become of it when a lease is lost: `default`, `poweroff`,
 * `restart`, `pause` or `ignore`.
 */
export const lockOwner = struct({ uuid, name, id: i32, pid: u32, uri: name, onLockFailure: name });

const resources = array(lockResource, 1024);
/** The most files whose labels change at once. */
const PATHS_MAX = 16384;

/**
 * Contract `lock.v1`: leases that keep two guests from writing one disk. A lease belongs to the process that becomes the
 * guest, so a manager does not hold it itself: it answers with the command that this process runs before its emulator. A
 * lease goes with that process, however it ends; nobody gives it back then.
 */
export const lockApi = defineApi({
  /**
   * The command line to put in front of the guest's own; empty where nothing has to be held. Takes the leases of all
   * resources or of none; where one cannot be had the guest must not start: see `wrapperRefusal`. Without resources the
   * manager only learns who the guest is: of one that is paused, or comes from another host, `acquire` follows.
   */
  guestWrapper: call(
    1,
    { owner: lockOwner, resources },
    { argv: array(name, 256) },
    { acl: ["none"], shape: { returns: "argv" } },
  ),
  /**
   * Takes further leases for a running guest: before a disk is attached, and before a guest that was paused runs again, then
   * with the `state` that the release answered. All or none; what the guest has already does no harm. Fails with
   * `RESOURCE_BUSY` where another guest has one.
   */
  acquire: call(2, { owner: lockOwner, resources, state: optional(name) }, {}, { acl: ["none"] }),
  /**
   * Gives leases back: after a disk was detached, and once a guest is paused. `state` is what the manager wants to be told
   * when they are taken again, such as how often the lease has changed hands by now. What is not held does no harm.
   */
  release: call(
    3,
    { owner: lockOwner, resources },
    { state: optional(name) },
    { acl: ["none"], shape: { returns: "state" } },
  ),
  /** The state that a release would answer now: for a guest that moves to another host. */
  inquire: call(
    4,
    { owner: lockOwner, resources },
    { state: optional(name) },
    { acl: ["none"], shape: { returns: "state" } },
  ),
  /**
   * Keeps every other manager from changing the owners and labels of files until `unlockMetadata`. Waits for those who do,
   * 60 s at most, then fails with `OPERATION_TIMEOUT`. A manager that has no such locks fails with `NO_SUPPORT`: to whoever
   * labels that is no failure. Independent of the leases of the same paths.
   */
  lockMetadata: call(
    5,
    { paths: array(name, PATHS_MAX) },
    { token: name },
    { acl: ["none"], shape: { returns: "token" } },
  ),
  /** Ends what `lockMetadata` began. What is not locked any more does no harm. */
  unlockMetadata: call(6, { token: name }, {}, { acl: ["none"] }),
});

export interface LockResource extends FieldsIn<(typeof lockResource)["fields"]> {}
export interface LockOwner extends FieldsIn<(typeof lockOwner)["fields"]> {}
export interface LockManager extends HandlersOf<typeof lockApi> {}
