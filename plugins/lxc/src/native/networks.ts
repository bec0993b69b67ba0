import { isIPv4, isIPv6 } from "node:net";
import { VirtError } from "@polyvisor/core";
import { attr, type XmlWriter } from "@polyvisor/sdk/xml";
import { badValue, type LxcEntry } from "./lxc-conf.js";

/** What the lines about one card say. */
export interface LxcNetwork {
  readonly settings: ReadonlyMap<string, string>;
  readonly addresses: readonly Address[];
}

interface Address {
  readonly family: Family;
  readonly address: string;
  readonly prefix: string;
}

/** One whose lines are still being read. */
interface Draft extends LxcNetwork {
  readonly settings: Map<string, string>;
  readonly addresses: Address[];
}

type Family = "ipv4" | "ipv6";

/** What a document can say; that the older format has names without `.address` is only history. */
const SETTINGS: ReadonlySet<string> = new Set(
  "name type link hwaddr flags macvlan.mode vlan.id ipv4.gateway ipv6.gateway mtu veth.pair".split(" "),
);
const ADDRESSES: Readonly<Record<string, Family>> = {
  ipv4: "ipv4",
  "ipv4.address": "ipv4",
  ipv6: "ipv6",
  "ipv6.address": "ipv6",
};

/** The cards in the order in which they are first named: by number (`lxc.net.0.`), or each from its `lxc.network.type` on. */
export function collectNetworks(entries: readonly LxcEntry[]): readonly LxcNetwork[] {
  const cards = new Map<string, Draft>();
  let legacy = 0;
  for (const entry of entries) {
    const [, index, name] = /^lxc\.net\.(\d+)\.(.+)$/.exec(entry.key) ?? /^lxc\.network\.()(.+)$/.exec(entry.key) ?? [];
    if (name === undefined || index === undefined) {
      if (/^lxc\.(?:net|network)\./.test(entry.key)) throw unknownSetting(entry);
      continue;
    }
    if (index === "" && name === "type") legacy += 1;
    if (index === "" && legacy === 0)
      throw badValue(`${entry.key} before lxc.network.type`, `line ${entry.line} belongs below the card's type`);
    const id = index === "" ? `legacy ${legacy}` : String(Number(index));
    const card: Draft = cards.get(id) ?? { settings: new Map(), addresses: [] };
    cards.set(id, card);
    const family = ADDRESSES[name];
    if (family !== undefined) card.addresses.push(parseAddress(entry, family));
    else if (SETTINGS.has(name)) card.settings.set(name, entry.value);
    else throw unknownSetting(entry);
  }
  return [...cards.values()];
}

/** Cards of the container's own, and then those of the host that it takes away. */
export function writeNetworks(writer: XmlWriter, networks: readonly LxcNetwork[]): void {
  const typed = networks.map((network) => ({ network, type: network.settings.get("type") ?? "none" }));
  for (const { network, type } of typed) {
    if (!["", "none", "empty", "phys", "vlan"].includes(type)) writeInterface(writer, type, network);
  }
  for (const { network, type } of typed) {
    if (type === "phys" || type === "vlan") writeHostCard(writer, type, network);
  }
}

function writeInterface(writer: XmlWriter, type: string, network: LxcNetwork): void {
  const { settings } = network;
  const link = settings.get("link");
  if (type !== "veth" && type !== "macvlan")
    throw unsupported(`unsupported network type '${type}'`, "veth, macvlan, phys, vlan, none and empty are known");
  if (type === "macvlan" && link === undefined) throw missingLink();
  const kind = type === "macvlan" ? "direct" : link === undefined ? "ethernet" : "bridge";
  writer.block("interface", attr("type", kind), () => {
    if (settings.get("hwaddr")) writer.empty("mac", attr("address", settings.get("hwaddr")));
    if (kind === "direct")
      writer.empty("source", attr("dev", link) + attr("mode", settings.get("macvlan.mode") ?? "private"));
    if (kind === "bridge") writer.empty("source", attr("bridge", link));
    writer.emptyIfAttributes("target", attr("dev", settings.get("veth.pair")));
    writer.emptyIfAttributes("guest", attr("dev", settings.get("name")));
    writer.empty("link", attr("state", settings.get("flags") === "up" ? "up" : "down"));
    writer.emptyIfAttributes("mtu", attr("size", settings.get("mtu")));
    writeAddresses(writer, network);
  });
}

function writeHostCard(writer: XmlWriter, type: "phys" | "vlan", network: LxcNetwork): void {
  const link = network.settings.get("link");
  const vlan = network.settings.get("vlan.id");
  if (link === undefined) throw missingLink();
  writer.block("hostdev", " mode='capabilities' type='net'", () => {
    writer.block("source", "", () =>
      writer.leaf("interface", type === "vlan" && vlan !== undefined ? `${link}.${vlan}` : link),
    );
    writeAddresses(writer, network);
  });
}

function writeAddresses(writer: XmlWriter, { addresses, settings }: LxcNetwork): void {
  for (const { address, family, prefix } of addresses)
    writer.empty("ip", attr("address", address) + attr("family", family) + attr("prefix", prefix));
  for (const family of ["ipv4", "ipv6"] as const) {
    const gateway = settings.get(`${family}.gateway`);
    const everywhere = family === "ipv4" ? "0.0.0.0" : "::";
    if (gateway !== undefined)
      writer.empty("route", attr("family", family) + attr("address", everywhere) + attr("gateway", gateway));
  }
}

function parseAddress({ value, line }: LxcEntry, family: Family): Address {
  const [address = "", rest] = value.split("/");
  const prefix = rest?.trim().split(/\s/)[0];
  const isAddress = family === "ipv4" ? isIPv4(address) : isIPv6(address);
  if (!isAddress || prefix === undefined || !/^\d{1,3}$/.test(prefix))
    throw new VirtError("INVALID_ARG", `Invalid CIDR address: '${value}'`, {
      domain: "LXC",
      hint: `line ${line} needs an address of ${family} and the length of its network, such as 192.0.2.5/24`,
    });
  return { family, address, prefix };
}

function unknownSetting({ key, line }: LxcEntry): VirtError {
  return unsupported(`Unhandled network property: ${key}`, `remove line ${line}: no document of a domain can say it`);
}

function missingLink(): VirtError {
  return unsupported("Missing 'link' attribute for NIC", "name the host's card that the container's card hangs on");
}

function unsupported(detail: string, hint: string): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "LXC", hint });
}
