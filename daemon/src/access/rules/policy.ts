import type { Identity, PolicyRequest } from "@polyvisor/core";
import type { GeneralPolicy, GeneralQuestion } from "../for-all.js";
import type { Rule, Who } from "./rule.js";

/** What is left of the rules once it is known who asks for which permission. */
interface Decision {
  /** Those that may fit, up to the first that fits every object. */
  readonly rules: readonly Rule[];
  /** What they say of every object; `undefined` where it depends on the object. */
  readonly ofAll: boolean | undefined;
}

/** Decides by the first rule that fits. What no rule allows is denied. */
export function rulesPolicy(rules: readonly Rule[]): GeneralPolicy {
  // A client asks the same again and again, and of thousands of objects: only what depends on the object is decided anew.
  const decided = new WeakMap<Identity, Map<string, Map<string, Decision>>>();
  const decisionOf = (question: GeneralQuestion): Decision => {
    const { identity, object, permission } = question;
    const ofClient = entryOf(decided, identity, () => new Map<string, Map<string, Decision>>());
    const ofObject = entryOf(ofClient, object, () => new Map<string, Decision>());
    return entryOf(ofObject, permission, () => decide(rules, question));
  };
  return {
    allows: (question) => decisionOf(question).rules.find((rule) => isAbout(rule, question))?.allow === true,
    ofAll: (question) => decisionOf(question).ofAll,
  };
}

/** What a map has at a key, made where there is nothing. */
function entryOf<K, V>(map: { get(key: K): V | undefined; set(key: K, value: V): unknown }, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function decide(rules: readonly Rule[], question: GeneralQuestion): Decision {
  const fitting = rules.filter((rule) => mayFit(rule, question));
  const last = fitting.findIndex(({ on }) => on.length === 0);
  const left = last < 0 ? fitting : fitting.slice(0, last + 1);
  const otherwise = fitting[last]?.allow ?? false;
  return { rules: left, ofAll: left.every(({ allow }) => allow === otherwise) ? otherwise : undefined };
}

function mayFit({ who, what }: Rule, { identity, object, permission }: GeneralQuestion): boolean {
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
