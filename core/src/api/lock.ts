import { named, string, struct, u32 } from "../xdr/index.js";
import { call, defineApi } from "./define.js";
import { LIMITS } from "./limits.js";
import { uuid } from "./uuid.js";

const text = string(LIMITS.lockString);

/** Who holds the leases of a connection. */
export interface LeaseOwner {
  readonly uuid: string;
  readonly name: string;
  readonly id: number;
  readonly pid: number;
}
const owner = named<LeaseOwner, LeaseOwner>(struct({ uuid, name: text, id: u32, pid: u32 }));

const OPEN_TO_ALL = { acl: ["none"] } as const;
const resource = { path: text, name: text, flags: u32 } as const;

/** Calls of a lock daemon. Leases belong to a connection: they go when it closes. */
export const lockDaemonApi = defineApi({
  /** Names the owner of all leases of this connection. Comes once, before any other call. */
  register: call(1, { owner, flags: u32 }, {}, OPEN_TO_ALL),
  /** From now on this connection may only release what it holds. */
  restrict: call(2, { flags: u32 }, {}, OPEN_TO_ALL),
  new: call(3, { path: text, flags: u32 }, {}, OPEN_TO_ALL),
  createResource: call(4, resource, {}, OPEN_TO_ALL),
  deleteResource: call(5, resource, {}, OPEN_TO_ALL),
  acquireResource: call(6, resource, {}, OPEN_TO_ALL),
  releaseResource: call(7, resource, {}, OPEN_TO_ALL),
  createLockspace: call(8, { path: text }, {}, OPEN_TO_ALL),
});
