import type { AccessPolicy, PolicyRequest } from "@polyvisor/core";

/** A question about every object of a sort at once. */
export type GeneralQuestion = Pick<PolicyRequest, "identity" | "object" | "permission">;

/** A policy that may know what it will say before it knows the object: thousands of them are then decided with one question. */
export interface GeneralPolicy extends AccessPolicy {
  /** What it says whatever the object is; `undefined` where that depends on the object. */
  ofAll(question: GeneralQuestion): boolean | undefined;
}

/** What a policy says whatever the object is; `undefined` where that depends on the object, or the policy cannot tell. */
export function answerForAll(policy: AccessPolicy, question: GeneralQuestion): boolean | undefined {
  return isGeneral(policy) ? policy.ofAll(question) : undefined;
}

function isGeneral(policy: AccessPolicy): policy is GeneralPolicy {
  return "ofAll" in policy;
}
