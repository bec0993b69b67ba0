import type { Identity, MaybePromise } from "./context.js";

/**
 * What distinguishes the object of a question, under the names that libvirt's polkit rules have for it: `connect_driver`
 * always, then `domain_name` and `domain_uuid`, `network_name`, `pool_name`, `vol_name`, `vol_key` and so on.
 */
export type ObjectAttributes = Readonly<Record<string, string>>;

/** One question to a policy: may this client do that to this object. */
export interface PolicyRequest {
  readonly identity: Identity;
  /** The call's name in the API table; for an event that is about to be sent, the call that registered for it. */
  readonly call: string;
  /** `domain`, `storage_pool` and so on, as in the API table's permissions. */
  readonly object: string;
  /** `read`, `start` and so on. */
  readonly permission: string;
  /** The object as its driver knows it, whatever the client said of it. */
  readonly attributes: ObjectAttributes;
}

/** Contract `policy.v1`: decides who may do what. All policies of a daemon must agree to a call. */
export interface AccessPolicy {
  /**
   * Called for each permission that a call needs, and for each object that a list or an event would tell of. May answer
   * late. A rejection denies, and is logged.
   */
  allows(request: PolicyRequest): MaybePromise<boolean>;
}
