import {
  type Call,
  type Domain,
  type Identity,
  isNeeded,
  type MaybePromise,
  type Permission,
  VirtError,
} from "@polyvisor/core";

/** One question to a policy: may this client do that to this object. */
export interface PolicyRequest {
  readonly identity: Identity;
  /** The call's name in the API table. */
  readonly call: string;
  readonly permission: Permission;
  /** The domain that the call names, as its driver knows it; `undefined` where the call names none. */
  readonly domain: Domain | undefined;
}

/** Decides on access. It may answer late, for example because it asks polkit. Without a policy everything is allowed. */
export type Policy = (request: PolicyRequest) => MaybePromise<boolean>;

/** Asks the policy for each permission that the call needs with these arguments. Rejects with `ACCESS_DENIED`. */
export async function authorize(
  policy: Policy,
  request: Omit<PolicyRequest, "permission">,
  call: Call,
  args: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (const permission of call.acl) {
    if (permission.object === "none" || !isNeeded(permission, args)) continue;
    if (!(await policy({ ...request, permission })))
      throw new VirtError("ACCESS_DENIED", `${permission.object}:${permission.permission} is not allowed`, {
        hint: "the access policy of the daemon decides this",
      });
  }
}
