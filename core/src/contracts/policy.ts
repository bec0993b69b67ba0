import { call, defineApi, type HandlersOf } from "../api/define.js";
import { LIMITS } from "../api/limits.js";
import { text } from "../api/types.js";
import { array, type Codec, flag, i64, named, optional, struct, u32 } from "../xdr/index.js";
import type { Identity, MaybePromise } from "./context.js";

/**
 * What distinguishes the object of a question, under the names that libvirt's polkit rules have for it: `connect_driver`
 * always, then `domain_name` and `domain_uuid`, `network_name`, `pool_name`, `vol_name`, `vol_key` and so on.
 */
export type ObjectAttributes = Readonly<Record<string, string>>;

const pairs = array(struct({ name: text, value: text }), LIMITS.policyAttributes);

const objectAttributes = named<ObjectAttributes, ObjectAttributes>({
  layout: pairs.layout,
  encode: (writer, attributes) =>
    pairs.encode(
      writer,
      Object.entries(attributes).map(([name, value]) => ({ name, value })),
    ),
  decode: (reader) => Object.fromEntries(pairs.decode(reader).map(({ name, value }) => [name, value])),
});

const identityFields = {
  uid: optional(u32),
  gid: optional(u32),
  pid: optional(u32),
  startTime: optional(i64),
  saslName: optional(text),
  x509Name: optional(text),
};
const identityStruct = struct(identityFields) as Codec<Record<string, unknown>>;

/** Who calls, as it crosses into another process: what is not known is `null` there and left out here. */
export const identity = named<Identity, Identity>({
  layout: identityStruct.layout,
  encode: (writer, known) => {
    const fields = known as Readonly<Record<string, unknown>>;
    identityStruct.encode(
      writer,
      Object.fromEntries(Object.keys(identityFields).map((name) => [name, fields[name] ?? null])),
    );
  },
  decode: (reader) =>
    Object.fromEntries(Object.entries(identityStruct.decode(reader)).filter(([, value]) => value !== null)),
});

/** Contract `policy.v1`: decides who may do what. All policies of a daemon must agree to a call. */
export const policyApi = defineApi({
  /**
   * Asked for each permission that a call needs, and for each object that a list or an event would tell of: may this client
   * (`identity`) do that (`permission`, such as `read` or `start`) to this object (`object`, such as `domain`, known to its
   * driver by these `attributes`, whatever the client said of it). `call` is the call's name in the API table; for an event
   * that is about to be sent, that of the call that registered for it. May answer at once or late. A rejection denies, and is
   * logged.
   */
  allows: call(
    1,
    { identity, call: text, object: text, permission: text, attributes: objectAttributes },
    { allowed: flag },
    { acl: ["none"], shape: { returns: "allowed" } },
  ),
});

/** What provides `policy.v1`. */
export interface PolicyDriver extends Required<HandlersOf<typeof policyApi>> {}

/** One question to a policy: the arguments of `allows`. */
export interface PolicyRequest {
  readonly identity: Identity;
  readonly call: string;
  readonly object: string;
  readonly permission: string;
  readonly attributes: ObjectAttributes;
}

/** A policy as a daemon asks it. */
export interface AccessPolicy {
  allows(request: PolicyRequest): MaybePromise<boolean>;
}
