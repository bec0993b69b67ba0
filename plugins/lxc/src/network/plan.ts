import type { Domain as Config, Hostdev, Interface, SourceIp } from "@polyvisor/sdk/conf/domain";
import { addressWords, connectionOf, deviceName, routeWords } from "./refuse.js";

/** One line for `ip`, `tc` or `bridge`, and what is wrong where it fails. */
export interface Step {
  readonly line: string;
  readonly failure: string;
}

/** What is run for a container's cards, tool by tool in this order. */
export interface NetworkPlan {
  /** On the host. */
  readonly links: readonly Step[];
  readonly shaping: readonly Step[];
  readonly ports: readonly Step[];
  /** In the container's namespace. */
  readonly inside: readonly Step[];
}

/** A card whose names are known: that of the host's end, where it has one, and the container's. */
export interface NamedCard {
  readonly nic: Interface;
  readonly host?: string | undefined;
  readonly guest: string;
}

/** How a card gets into the namespace at `path` (or that of the process `path`). */
export function planCards(cards: readonly NamedCard[], path: string): NetworkPlan {
  return {
    links: cards.flatMap((card) => linkSteps(card, path)),
    shaping: cards.flatMap(shapingSteps),
    ports: cards.flatMap(portSteps),
    inside: cards.flatMap(({ nic, guest }) => setUpSteps(guest, nic.ip, nic.link === "up")),
  };
}

/** How cards of the host get into the namespace at `path`. */
export function planHostCards(hostdevs: readonly Hostdev[], path: string): NetworkPlan {
  const cards = hostdevs.flatMap(({ source }) => (source.type === "net" ? [source] : []));
  return {
    links: cards.map((card) => {
      const name = deviceName(card.interface);
      return { line: `link set dev ${name} netns ${path}`, failure: `Unable to move the host's card '${name}'` };
    }),
    shaping: [],
    ports: [],
    inside: cards.flatMap((card) => setUpSteps(card.interface, card, false)),
  };
}

/** The host's cards of a container. */
export function hostCards({ devices }: Pick<Config, "devices">): readonly Hostdev[] {
  return devices.hostdevs.filter(({ mode, source }) => mode === "capabilities" && source.type === "net");
}

function linkSteps({ nic, host, guest }: NamedCard, path: string): Step[] {
  const connection = connectionOf(nic);
  const mac = nic.mac?.address;
  const own = `name ${guest} netns ${path}${mac === undefined ? "" : ` address ${mac}`}${mtuWords(nic)}`;
  if (connection.type === "direct") {
    const mode = connection.mode === "passthrough" ? "passthru" : connection.mode;
    const failure = `error creating macvlan interface on '${connection.dev}'`;
    return [{ line: `link add link ${connection.dev} ${own} type macvlan mode ${mode}`, failure }];
  }
  const outer = `link add name ${host}${hostMac(mac)}${mtuWords(nic)} type veth`;
  const steps: Step[] = [{ line: `${outer} peer ${own}`, failure: "Failed to create veth device pair" }];
  if (connection.type === "bridge") {
    const failure = `Unable to add bridge ${connection.bridge} port ${host}`;
    steps.push({ line: `link set dev ${host} master ${connection.bridge}`, failure });
  }
  steps.push({ line: `link set dev ${host} up`, failure: `Cannot set interface flags on '${host}'` });
  return connection.type === "ethernet" ? [...steps, ...ipSteps(host ?? "", nic.hostIp)] : steps;
}

/** So that a bridge never takes the guest's address for its own. */
function hostMac(mac: string | undefined): string {
  return mac === undefined ? "" : ` address fe${mac.slice(2)}`;
}

function mtuWords({ mtu }: Interface): string {
  return mtu === undefined ? "" : ` mtu ${mtu}`;
}

/** The container's end is up where there is a reason to have it so. */
function setUpSteps(name: string, ip: SourceIp | undefined, isUp: boolean): Step[] {
  const failure = `Cannot set interface flags on '${name}'`;
  const up = isUp || (ip?.ips?.length ?? 0) > 0 ? [{ line: `link set dev ${name} up`, failure }] : [];
  return [...up, ...ipSteps(name, ip)];
}

function ipSteps(name: string, ip: SourceIp | undefined): Step[] {
  const addresses = (ip?.ips ?? []).map((each): Step => {
    const nodad = each.address.includes(":") ? " nodad" : "";
    const failure = `Unable to add address '${each.address}' to '${name}'`;
    return { line: `addr add ${addressWords(each)} dev ${name}${nodad}`, failure };
  });
  const routes = (ip?.routes ?? []).map((route): Step => {
    const failure = `Unable to add the route to '${route.address}' by '${name}'`;
    return { line: `route add ${routeWords(route)} dev ${name}`, failure };
  });
  return [...addresses, ...routes];
}

/** What comes to the container leaves the host's end, which can be queued; what comes from it can only be dropped. */
function shapingSteps({ nic: { bandwidth }, host }: NamedCard): Step[] {
  if (bandwidth === undefined || host === undefined) return [];
  const failure = `Unable to set the bandwidth of '${host}'`;
  const { inbound, outbound } = bandwidth;
  const lines: string[] = [];
  if (inbound?.average !== undefined) {
    const ceil = inbound.peak === undefined ? "" : ` ceil ${inbound.peak}kbps`;
    const burst = inbound.burst === undefined ? "" : ` burst ${inbound.burst}kb`;
    lines.push(
      `qdisc add dev ${host} root handle 1: htb default 1`,
      `class add dev ${host} parent 1: classid 1:1 htb rate ${inbound.average}kbps${ceil}${burst}`,
    );
  }
  if (outbound?.average !== undefined) {
    const burst = outbound.burst ?? Math.min(outbound.average, BURST_MAX);
    const police = `police rate ${outbound.average}kbps burst ${burst}kb mtu 64kb drop flowid :1`;
    lines.push(
      `qdisc add dev ${host} ingress`,
      `filter add dev ${host} parent ffff: protocol all u32 match u32 0 0 ${police}`,
    );
  }
  return lines.map((line) => ({ line, failure }));
}

/** KiB: `tc` keeps bytes in 32 bits. */
const BURST_MAX = Math.floor(0xffffffff / 1024);

function portSteps({ nic, host }: NamedCard): Step[] {
  if (nic.port?.isolated !== "yes" || connectionOf(nic).type !== "bridge") return [];
  return [{ line: `link set dev ${host} isolated on`, failure: `Unable to isolate the port ${host}` }];
}
