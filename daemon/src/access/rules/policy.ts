import type { AccessPolicy, Identity, PolicyRequest } from "@polyvisor/core";
import type { Rule, Who } from "./rule.js";

/** Decides by the first rule that fits. What no rule allows is denied. */
export function rulesPolicy(rules: readonly Rule[]): AccessPolicy {
  return { allows: (request) => rules.find((rule) => fits(rule, request))?.allow === true };
}

function fits({ who, what, on }: Rule, { identity, object, permission, attributes }: PolicyRequest): boolean {
  const asked = `${object}:${permission}`;
  return (
    isWho(who, identity) &&
    (what.length === 0 || what.some((each) => each.test(asked))) &&
    on.every(({ attribute, value }) => {
      const known = attributes[attribute];
      return known !== undefined && value.test(known);
    })
  );
}

function isWho(who: Who, { uid, gid, saslName, x509Name }: Identity): boolean {
  switch (who.by) {
    case "anyone":
      return true;
    case "uid":
      return uid === who.uid;
    case "gid":
      return gid === who.gid || (uid !== undefined && who.members.has(uid));
    case "sasl":
      return saslName !== undefined && who.name.test(saslName);
    case "x509":
      return x509Name !== undefined && who.name.test(x509Name);
  }
}
