import type { Bandwidth, Domain, Interface } from "@polyvisor/sdk/conf";
import { parseIpAddress, parseMacAddress } from "@polyvisor/sdk/conf/common";
import { type NativeReader, type NativeSettings, parseNumber, parsePairs } from "./config.js";
import { refuse } from "./errors.js";

/** What writing network cards needs to know. */
export interface NetworkFacts {
  /** The bridge of a network of the host; undefined where it is not active. Throws `NO_NETWORK` where there is none. */
  readonly bridgeOf?: ((network: string) => string | undefined) | undefined;
}

/** What a paravirtual card calls itself: xm's word, or xl's. */
export type ParavirtualName = "netfront" | "vif";

export function parseVifs(conf: NativeReader, paravirtual: ParavirtualName): readonly Interface[] {
  return conf.stringsOf("vif").map((entry) => parseVif(entry, paravirtual));
}

const BRIDGE_SCRIPTS: readonly (string | undefined)[] = ["vif-bridge", "vif-vnic"];

function parseVif(entry: string, paravirtual: ParavirtualName): Interface {
  const pairs = parsePairs(entry) ?? refuse("CONF_SYNTAX", `malformed vif '${entry}'`, "Write KEY=VALUE,KEY=VALUE.");
  const mac = pairs.get("mac");
  const bridge = pairs.get("bridge");
  const script = pairs.get("script") || undefined;
  const address = mac === undefined ? undefined : parseMacAddress(mac);
  if (mac !== undefined && address === undefined) {
    refuse("INTERNAL_ERROR", `malformed mac address '${mac}'`, "Write six hexadecimal numbers with colons.");
  }
  const dev = pairs.get("vifname") || undefined;
  const rate = pairs.get("rate");
  const isBridge = bridge !== undefined || BRIDGE_SCRIPTS.includes(script);
  return {
    kind: "interface",
    mac: address === undefined ? undefined : { address },
    ...(isBridge ? parseBridge(bridge ?? "", entry) : { source: { type: "ethernet" } }),
    ip: parseIps(pairs.get("ip")),
    script,
    model: canonicalModel(pairs.get("model")) ?? (pairs.get("type") === paravirtual ? "netfront" : undefined),
    target: dev === undefined ? undefined : { dev },
    bandwidth: rate === undefined ? undefined : parseRate(rate),
  };
}

/** The cards that Xen emulates and its own. */
const MODELS: readonly string[] = ["netfront", "rtl8139", "e1000", "e1000e", "virtio"];

/** Known models take their usual letter case. */
function canonicalModel(model: string | undefined): string | undefined {
  return MODELS.find((each) => each === model?.toLowerCase()) ?? model;
}

type BridgePart = Pick<Interface, "source" | "vlan" | "virtualport">;

/** `BRIDGE`, and with Open vSwitch `BRIDGE.TAG` or `BRIDGE:TRUNK:TRUNK`. */
export function parseBridge(written: string, entry: string): BridgePart {
  const match = /^([^.]*)\.(.*)$/s.exec(written);
  const trunks = match === null ? written.split(":") : [];
  const bridge = match?.[1] ?? trunks[0] ?? written;
  const tags = match === null ? trunks.slice(1) : [match[2] ?? ""];
  const source = { type: "bridge", bridge } as const;
  if (tags.length === 0) return { source };
  const ids = tags.map((tag) => {
    const id = parseNumber(tag, 10) ?? refuse("CONF_SYNTAX", `malformed vif '${entry}'`, "A VLAN's tag is a number.");
    return { id };
  });
  return { source, vlan: { trunk: match === null, tags: ids }, virtualport: { type: "openvswitch" } };
}

/** Addresses with a blank between them. */
export function parseIps(written: string | undefined): Interface["ip"] {
  if (written === undefined) return undefined;
  const ips = written.split(" ").map((each) => {
    const family = each.includes(":") ? "ipv6" : "ipv4";
    const address = parseIpAddress(each, family);
    if (address === undefined)
      refuse(
        "SYSTEM_ERROR",
        `Cannot parse socket address '${each}': Name or service not known`,
        "Write an IP address.",
      );
    return { address, family } as const;
  });
  return { ips };
}

const RATE = /^(\d+)([GMK]?)([Bb])\/s$/;
const SCALES: Readonly<Record<string, number>> = { G: 1024 * 1024, M: 1024 };

/** A number without a letter is kilobytes too, as in libvirt. */
function parseRate(rate: string): Bandwidth {
  const [, number, scale = "", unit] = RATE.exec(rate.split("@")[0] ?? "") ?? [];
  if (number === undefined)
    refuse("INTERNAL_ERROR", `Invalid rate '${rate}' specified`, "Write a rate such as 10MB/s.");
  const kilo = Number(number) * (SCALES[scale] ?? 1);
  return { outbound: { average: unit === "b" ? Math.floor(kilo / 8) : kilo } };
}

export function formatVifs(domain: Domain, settings: NativeSettings, name: ParavirtualName, facts: NetworkFacts): void {
  settings.setList(
    "vif",
    domain.devices.interfaces.map((each) => formatVif(each, domain, name, facts)),
  );
}

const USUAL_SCRIPT = "vif-bridge";

function formatVif(each: Interface, { os }: Domain, paravirtual: ParavirtualName, facts: NetworkFacts): string {
  const parts = [`mac=${each.mac?.address ?? ""}`, ...connection(each, facts)];
  if (each.model !== undefined) {
    parts.push(os.type === "hvm" && each.model === "netfront" ? `type=${paravirtual}` : `model=${each.model}`);
  }
  if (each.target?.dev !== undefined) parts.push(`vifname=${each.target.dev}`);
  const average = each.bandwidth?.outbound?.average;
  if (average !== undefined && average > 0) parts.push(`rate=${average}KB/s`);
  return parts.join(",");
}

function connection(each: Interface, facts: NetworkFacts): readonly string[] {
  const { source } = each;
  const ip = guestAddresses(each);
  const address = ip === undefined ? [] : [`ip=${ip}`];
  switch (source.type) {
    case "bridge":
      return [
        `bridge=${bridgeWithVlan(each, source.bridge)}`,
        ...address,
        `script=${bridgeScript(each) ?? USUAL_SCRIPT}`,
      ];
    case "ethernet":
      return each.script === undefined ? address : [`script=${each.script}`, ...address];
    case "network":
      return [`bridge=${networkBridge(source.network, facts)}`, `script=${USUAL_SCRIPT}`];
    default:
      return refuse("CONFIG_UNSUPPORTED", `Unsupported net type '${source.type}'`, "Use bridge, network or ethernet.");
  }
}

/** The guest's addresses as Xen has them; undefined for none. */
export function guestAddresses({ ip }: Interface): string | undefined {
  const ips = ip?.ips ?? [];
  return ips.length === 0 ? undefined : ips.map(({ address }) => address).join(" ");
}

function isOpenvswitch({ virtualport }: Interface): boolean {
  return virtualport?.type === "openvswitch";
}

/** Undefined where Xen's own default does. */
export function bridgeScript(each: Interface): string | undefined {
  return each.script ?? (isOpenvswitch(each) ? "vif-openvswitch" : undefined);
}

/** The bridge with the VLANs that Open vSwitch takes. */
export function bridgeWithVlan(each: Interface, bridge: string): string {
  const { trunk, tags } = each.vlan ?? { trunk: false, tags: [] };
  const [first] = tags;
  if (!isOpenvswitch(each) || first === undefined) return bridge;
  return trunk ? [bridge, ...tags.map(({ id }) => id)].join(":") : `${bridge}.${first.id}`;
}

export function networkBridge(network: string, { bridgeOf }: NetworkFacts): string {
  if (bridgeOf === undefined) refuse("NO_NETWORK", network, "This connection has no networks.");
  return bridgeOf(network) ?? refuse("INTERNAL_ERROR", `network ${network} is not active`, "Start the network first.");
}
