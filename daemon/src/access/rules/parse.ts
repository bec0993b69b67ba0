import { nearest } from "@polyvisor/sdk/xml";
import { StartError } from "../../startup/start-error.js";
import { PERMISSIONS } from "../permissions.js";
import type { Accounts } from "./accounts.js";
import { pattern, type Rule, type Who } from "./rule.js";

const SYNTAX = 'a rule is "allow" or "deny", then whom, then what, then perhaps of which objects';

/**
 * Reads a rules file: a rule on each line, `allow|deny WHO WHAT [ATTRIBUTE=VALUE ...]`.
 *
 * WHO is `*`, `user=NAME`, `group=NAME`, `sasl=NAME` or `x509=NAME`; WHAT is `*` or permissions such as
 * `domain:read,domain:start`; ATTRIBUTE is one of libvirt's polkit rules, such as `domain_name`. `*` in a name, a permission
 * or a value stands for any characters. Throws a `StartError` with file and line.
 */
export function parseRules(text: string, path: string, accounts: Accounts): Rule[] {
  return text.split("\n").flatMap((line, index) => {
    const words = line.replace(/#.*$/, "").trim().split(/\s+/);
    if (words[0] === "") return [];
    const fail = (message: string, hint?: string): never => {
      throw new StartError(`${path}:${index + 1}: ${message}`, hint);
    };
    return [ruleOf(words, accounts, fail)];
  });
}

type Fail = (message: string, hint?: string) => never;

function ruleOf([verb = "", who = "", what = "", ...on]: string[], accounts: Accounts, fail: Fail): Rule {
  if (verb !== "allow" && verb !== "deny") fail(`'${verb}' is no rule`, SYNTAX);
  if (who === "" || what === "") fail("the rule is not complete", SYNTAX);
  return {
    allow: verb === "allow",
    who: whoOf(who, accounts, fail),
    what: what === "*" ? [] : what.split(",").map((permission) => permissionOf(permission, fail)),
    on: on.map((word) => conditionOf(word, fail)),
  };
}

function whoOf(word: string, accounts: Accounts, fail: Fail): Who {
  if (word === "*") return { by: "anyone" };
  const [kind, name = ""] = splitAt(word);
  if (name === "") return fail(`'${word}' is nobody`, "say *, user=NAME, group=NAME, sasl=NAME or x509=NAME");
  if (kind === "sasl" || kind === "x509") return { by: kind, name: pattern(name) };
  if (kind === "user") {
    const uid = accounts.uidOf(name);
    return uid === undefined ? fail(`there is no user '${name}'`) : { by: "uid", uid };
  }
  if (kind === "group") {
    const group = accounts.groupOf(name);
    return group === undefined ? fail(`there is no group '${name}'`) : { by: "gid", ...group };
  }
  return fail(`'${kind}' is nobody`, "say *, user=NAME, group=NAME, sasl=NAME or x509=NAME");
}

function permissionOf(word: string, fail: Fail): RegExp {
  const matching = pattern(word);
  if (PERMISSIONS.some((permission) => matching.test(permission))) return matching;
  const meant = nearest(word, PERMISSIONS);
  return fail(
    `no call needs the permission '${word}'`,
    meant === undefined ? "a permission is OBJECT:PERMISSION, such as domain:read" : `perhaps ${meant} is meant`,
  );
}

/** What objects are told apart by. */
const ATTRIBUTES = [
  ...["connect_driver", "domain_name", "domain_uuid", "interface_name", "interface_macaddr"],
  ...["network_name", "network_uuid", "port_uuid", "node_device_name", "nwfilter_name", "nwfilter_uuid"],
  ...[
    "nwfilter_binding_portdev",
    "nwfilter_binding_linkdev",
    "nwfilter_binding_filter",
    "pool_name",
    "pool_uuid",
    "vol_name",
    "vol_key",
    "secret_uuid",
  ],
  ...["secret_usage_volume", "secret_usage_ceph", "secret_usage_target", "secret_usage_name"],
];

function conditionOf(word: string, fail: Fail): Rule["on"][number] {
  const [attribute, value = ""] = splitAt(word);
  if (!ATTRIBUTES.includes(attribute))
    fail(`objects have no attribute '${attribute}'`, `they have ${ATTRIBUTES.join(", ")}`);
  if (value === "") fail(`'${attribute}' needs a value`);
  return { attribute, value: pattern(value) };
}

function splitAt(word: string): [string, string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}
