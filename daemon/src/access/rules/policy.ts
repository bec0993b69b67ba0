import type { AccessPolicy, Identity, PolicyRequest } from "@polyvisor/core";
import type { Rule, Who } from "./rule.js";

/** Decides by the first rule that fits. What no rule allows is denied. */
export function rulesPolicy(rules: readonly Rule[]): AccessPolicy {
  // A list asks the same of thousands of objects, one after the other: only what depends on the object is decided anew.
  let last: { readonly question: PolicyRequest; readonly rules: readonly Rule[] } | undefined;
  return {
    allows(question) {
      if (last === undefined || !isSameButObject(last.question, question)) {
        last = { question, rules: rules.filter((rule) => mayFit(rule, question)) };
      }
      return last.rules.find((rule) => isAbout(rule, question))?.allow === true;
    },
  };
}

function isSameButObject(a: PolicyRequest, b: PolicyRequest): boolean {
  return a.identity === b.identity && a.permission === b.permission && a.object === b.object;
}

function mayFit({ who, what }: Rule, { identity, object, permission }: PolicyRequest): boolean {
  const asked = `${object}:${permission}`;
  return isWho(who, identity) && (what.length === 0 || what.some((each) => each.test(asked)));
}

function isAbout({ on }: Rule, { attributes }: PolicyRequest): boolean {
  return on.every(({ attribute, value }) => {
    const known = attributes[attribute];
    return known !== undefined && value.test(known);
  });
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
