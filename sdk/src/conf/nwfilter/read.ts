import { randomUUID } from "node:crypto";
import {
  attribute,
  child,
  childElements,
  childText,
  parseInteger,
  parseXml,
  unknownElement,
  type XmlElement,
} from "../../xml/index.js";
import { parseFilterParameters, parseFilterReference, parseMacAddress, parseUuid } from "../common/index.js";
import { GROWTH, ownUuid, readable } from "../document.js";
import { formatFilterBinding, formatNetworkFilter } from "./format.js";
import type { FilterBinding, FilterInclude, FilterRule, NetworkFilter } from "./model.js";
import { filterError, PRIORITY_LIMIT, parseRule } from "./parse-rule.js";

export interface NetworkFilterParseOptions {
  /** Makes up a UUID where none is given. */
  readonly newUuid?: () => string;
}

/** A network filter from its XML. Throws `VirtError` in libvirt's words, with the place. */
export function parseNetworkFilter(xml: string, options: NetworkFilterParseOptions = {}): NetworkFilter {
  const root = parseXml(xml, { documentName: "(nwfilter_definition)", errorDomain: "NWFILTER" });
  expectRoot(root, "filter");
  const name = filled(root, "name");
  if (name === undefined) throw filterError(root, "INTERNAL_ERROR", "filter has no name", "Add name='...'.");
  const priority = parsePriority(root);
  const chain = parseChain(root, priority);
  const uuid = ownUuid(root, options.newUuid ?? randomUUID, (at, detail, hint) =>
    filterError(at, "XML_ERROR", detail, hint),
  );
  const filter = { name, uuid, ...chain, entries: parseEntries(root) };
  // the conditions of several elements of a rule may be printed as more of them
  const isMerged = childElements(root, "rule").some((rule) => childElements(rule).length > 1);
  return readable(root, "NWFILTER", filter, formatNetworkFilter, isMerged ? GROWTH : 1);
}

function expectRoot(root: XmlElement, name: string): void {
  if (root.name === name) return;
  const detail = `expecting root element of '${name}', not '${root.name}'`;
  throw filterError(root, "XML_ERROR", detail, `Send a <${name}>.`);
}

/** An attribute that counts as absent when it is empty. */
function filled(element: XmlElement | undefined, name: string): string | undefined {
  return (element && attribute(element, name)) || undefined;
}

function parsePriority(root: XmlElement): number | undefined {
  const written = filled(root, "priority");
  if (written === undefined) return undefined;
  const hint = `Write a number from -${PRIORITY_LIMIT} to ${PRIORITY_LIMIT}.`;
  const priority = parseInteger(written, { signed: true, max: 0x7fffffff });
  if (priority === undefined) {
    throw filterError(root, "INVALID_ARG", `Could not parse chain priority '${written}'`, hint);
  }
  if (Math.abs(priority) <= PRIORITY_LIMIT) return priority;
  const range = `[-${PRIORITY_LIMIT},${PRIORITY_LIMIT}]`;
  throw filterError(root, "INVALID_ARG", `Priority '${priority}' is outside valid range of ${range}`, hint);
}

/** The priority of a chain that says none, by what its name begins with. */
const CHAINS: Readonly<Record<string, number>> = {
  mac: -800,
  vlan: -750,
  stp: 0,
  arp: -500,
  rarp: -400,
  ipv4: -700,
  ipv6: -600,
};

const CHAIN_LENGTH = 12;

/** Without a chain, the priority means nothing. */
function parseChain(root: XmlElement, priority: number | undefined): Pick<NetworkFilter, "chain" | "priority"> {
  const chain = filled(root, "chain");
  if (chain === undefined || chain === "root") {
    return { chain: "root", priority: chain === undefined ? 0 : (priority ?? 0) };
  }
  if (Buffer.byteLength(chain) > CHAIN_LENGTH) {
    const detail = `Name of chain is longer than ${CHAIN_LENGTH} characters`;
    throw filterError(root, "INVALID_ARG", detail, "Choose a shorter name.");
  }
  if (!/^[a-zA-Z0-9_.:-]*$/.test(chain)) {
    const detail = "Chain name contains invalid characters";
    throw filterError(root, "INVALID_ARG", detail, "Use letters, digits and _.:-.");
  }
  const prefix = Object.keys(CHAINS).find((each) => chain.startsWith(each));
  if (prefix !== undefined) return { chain, priority: priority ?? CHAINS[prefix] ?? 0 };
  const prefixes = Object.keys(CHAINS).join(", ");
  const detail = `Invalid chain name '${chain}'. Please use a chain name called 'root' or any of the following prefixes: ${prefixes}`;
  throw filterError(root, "INVALID_ARG", detail, `Begin the name with one of ${prefixes}.`);
}

const CHILDREN: ReadonlySet<string> = new Set(["uuid", "rule", "filterref"]);

function parseEntries(root: XmlElement): readonly (FilterRule | FilterInclude)[] {
  const entries: (FilterRule | FilterInclude)[] = [];
  for (const element of childElements(root)) {
    if (element.name === "rule") entries.push(parseRule(element));
    else if (element.name === "filterref") entries.push(parseInclude(element));
    else if (!CHILDREN.has(element.name)) throw unknownElement(element, "filter", CHILDREN);
  }
  return entries;
}

function parseInclude(element: XmlElement): FilterInclude {
  const reference = parseFilterReference(element);
  if (reference !== undefined) return { kind: "filterref", ...reference };
  // libvirt's words are those of a rule
  throw filterError(element, "INTERNAL_ERROR", "rule node requires action attribute", "Add filter='...'.");
}

const BINDING: ReadonlySet<string> = new Set(["owner", "portdev", "linkdev", "mac", "filterref"]);

/** The use of a filter by one card, from its XML. */
export function parseFilterBinding(xml: string): FilterBinding {
  const root = parseXml(xml, { documentName: "(nwfilterbinding_definition)", errorDomain: "NWFILTER" });
  expectRoot(root, "filterbinding");
  for (const element of childElements(root)) {
    if (!BINDING.has(element.name)) throw unknownElement(element, "filterbinding", BINDING);
  }
  const owner = child(root, "owner");
  const linkdev = child(root, "linkdev");
  const missing = (what: string, hint: string): never => {
    throw filterError(root, "INTERNAL_ERROR", `filter binding has no ${what}`, hint);
  };
  const portDev = filled(child(root, "portdev"), "name") ?? missing("port dev name", "Add <portdev name='...'/>.");
  const linkDev = linkdev && (filled(linkdev, "name") ?? missing("link dev name", "Add name='...' to <linkdev>."));
  const name = (owner && childText(owner, "name")) ?? missing("owner name", "Add <owner> with <name>.");
  const uuid = (owner && childText(owner, "uuid")) ?? missing("owner UUID", "Add <owner> with <uuid>.");
  const ownerUuid = parseUuid(uuid);
  if (ownerUuid === undefined) {
    throw filterError(owner ?? root, "INTERNAL_ERROR", `Unable to parse UUID '${uuid}'`, "Write a UUID.");
  }
  const macElement = child(root, "mac");
  const written = filled(macElement, "address") ?? missing("MAC address", "Add <mac address='...'/>.");
  const mac = parseMacAddress(written);
  if (mac === undefined) {
    const hint = "Write it as 52:54:00:12:34:56.";
    throw filterError(macElement ?? root, "INTERNAL_ERROR", `Unable to parse MAC '${written}'`, hint);
  }
  const filterref = child(root, "filterref");
  const filter = filled(filterref, "filter") ?? missing("filter reference", "Add <filterref filter='...'/>.");
  const parameters = filterref === undefined ? [] : parseFilterParameters(filterref);
  const binding = { owner: { name, uuid: ownerUuid }, portDev, linkDev, mac, filterref: { filter, parameters } };
  return readable(root, "NWFILTER", binding, formatFilterBinding);
}
