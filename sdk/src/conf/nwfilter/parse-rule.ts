import type { ErrorName, VirtError } from "@polyvisor/core";
import {
  attribute,
  childElements,
  errorAt,
  oneOf,
  parseInteger,
  unknownElement,
  type XmlElement,
} from "../../xml/index.js";
import type { FilterRule, RuleItem, RuleMatch } from "./model.js";
import { NEGATED_WITH } from "./negation.js";
import { type AttributeKind, attributeOf, isProtocol, PROTOCOL_NAMES, type Protocol } from "./protocols.js";
import { CODECS } from "./values.js";
import { parseVariable } from "./variables.js";

/** An error of a filter's configuration, at an element. */
export function filterError(element: XmlElement, code: ErrorName, detail: string, hint: string): VirtError {
  return errorAt(element, code, detail, hint, "NWFILTER");
}

const ACTIONS = ["drop", "accept", "reject", "return", "continue"] as const;
const DIRECTIONS = ["in", "out", "inout"] as const;

export const PRIORITY_LIMIT = 1000;

export function parseRule(element: XmlElement): FilterRule {
  return {
    kind: "rule",
    action: required(element, "action", ACTIONS),
    direction: required(element, "direction", DIRECTIONS),
    priority: parsePriority(attribute(element, "priority")),
    stateMatch: !/^(?:0|false)$/i.test(attribute(element, "statematch") ?? ""),
    ...parseMatch(element),
  };
}

function required<const T extends string>(element: XmlElement, name: string, words: readonly T[]): T {
  const written = attribute(element, name);
  if (written === undefined) {
    const detail = `rule node requires ${name} attribute`;
    throw filterError(element, "INTERNAL_ERROR", detail, `Add ${name}='...'. ${oneOf("", words)}`);
  }
  const word = words.find((each) => each === written);
  if (word !== undefined) return word;
  throw filterError(element, "CONFIG_UNSUPPORTED", `unknown rule ${name} attribute value`, oneOf(written, words));
}

/** A priority that is none is the middle one. */
function parsePriority(text: string | undefined): number {
  const value = text === undefined ? undefined : parseInteger(text, { signed: true });
  return value === undefined || Math.abs(value) > PRIORITY_LIMIT ? PRIORITY_LIMIT / 2 : value;
}

/** The conditions of a rule by name, of whatever protocol. */
export type RuleItems = Readonly<Record<string, RuleItem<unknown> | undefined>>;

/** A rule has elements of one protocol; more than one adds up. */
function parseMatch(rule: XmlElement): RuleMatch {
  let protocol: Protocol | undefined;
  const items: Record<string, RuleItem<unknown> | undefined> = {};
  for (const element of childElements(rule)) {
    if (!isProtocol(element.name)) throw unknownElement(element, "rule", PROTOCOL_NAMES);
    protocol ??= element.name;
    if (element.name !== protocol) throw unknownElement(element, "rule", new Set([protocol]));
    Object.assign(items, parseItems(element, protocol));
    if (protocol === "ip" || protocol === "ipv6") checkPorts(element, protocol, items);
  }
  if (protocol === undefined) return {};
  const attributes = withIpSetFlags(protocol, withJointNegation(protocol, items));
  // the table that the items were read by is the one that the types are made from
  return { protocol, attributes } as RuleMatch;
}

/** libvirt looks at all attributes in the order in which it prints them, and tells of the last one that is no good. */
function parseItems(element: XmlElement, protocol: Protocol): RuleItems {
  const negated = attribute(element, "match") === "no" ? true : undefined;
  const items: Record<string, RuleItem<unknown>> = {};
  let failure: { readonly place: number; readonly error: VirtError } | undefined;
  for (const { name, value } of element.attributes) {
    const known = attributeOf(protocol, name);
    if (known === undefined) continue;
    const { kind, place } = known;
    const item = parseItem(kind, value);
    if (item !== undefined) items[name] = negated ? { ...item, negated } : item;
    else if (failure === undefined || failure.place < place) {
      failure = { place, error: illegalValue(element, name, kind, value) };
    }
  }
  if (failure !== undefined) throw failure.error;
  return items;
}

function parseItem(kind: AttributeKind, written: string): RuleItem<unknown> | undefined {
  if (!written.startsWith("$")) return CODECS[kind].read(written);
  const variable = parseVariable(written.slice(1));
  return variable && { variable };
}

function illegalValue(element: XmlElement, name: string, kind: AttributeKind, written: string): VirtError {
  const hint = `Allowed: ${CODECS[kind].allowed}; or a variable such as $NAME, $NAME[@1], $NAME[2].`;
  return filterError(element, "INTERNAL_ERROR", `${name} has illegal value ${written}`, hint);
}

const WITH_PORTS: readonly unknown[] = [6, 17, 33, 132];

function checkPorts(element: XmlElement, protocol: "ip" | "ipv6", items: RuleItems): void {
  const ports = ["srcportstart", "dstportstart", "srcportend", "dstportend"];
  if (!ports.some((name) => items[name] !== undefined)) return;
  const wanted = items.protocol;
  if (wanted !== undefined && "value" in wanted && WITH_PORTS.includes(wanted.value)) return;
  const shown = protocol === "ip" ? "IP" : "IPv6";
  const detail = `${shown} rule with port specification requires protocol specification with protocol to be either one of tcp(6), udp(17), dccp(33), or sctp(132)`;
  throw filterError(element, "INTERNAL_ERROR", detail, "Add protocol='tcp' or another of these.");
}

function withJointNegation(protocol: Protocol, items: RuleItems): RuleItems {
  if (!Object.values(items).some((item) => item?.negated)) return items;
  const changed: Record<string, RuleItem<unknown> | undefined> = { ...items };
  for (const [name, source] of Object.entries(NEGATED_WITH[protocol])) {
    const item = items[name];
    if (item === undefined) continue;
    const { negated: _, ...plain } = item;
    changed[name] = items[source]?.negated === true ? { ...plain, negated: true } : plain;
  }
  return changed;
}

/** A set without directions is looked up by the source; directions without a set mean nothing. */
function withIpSetFlags(protocol: Protocol, items: RuleItems): RuleItems {
  if (protocol === "all" || protocol === "all-ipv6") return items;
  if (items.ipset !== undefined) return { ...items, ipsetflags: items.ipsetflags ?? { value: ["src"] } };
  if (items.ipsetflags === undefined) return items;
  const { ipsetflags: _, ...rest } = items;
  return rest;
}
