import { isIPv4, isIPv6 } from "node:net";
import { VirtError } from "@polyvisor/core";
import type { Interface, InterfaceSource, IpRoute, SourceIp } from "@polyvisor/sdk/conf/domain";

/** What a card of a container can be connected to, once its network has been asked. */
export type Connection =
  | { readonly type: "bridge"; readonly bridge: string }
  | { readonly type: "direct"; readonly dev: string; readonly mode: "vepa" | "private" | "bridge" | "passthrough" }
  | { readonly type: "ethernet" };

/** Fails with libvirt's words for what a container cannot have, and for what the tools would misread. */
export function connectionOf(nic: Interface): Connection {
  if (nic.script !== undefined)
    throw unsupported("scripts are not supported on LXC network interfaces", "remove <script>");
  const connection = connected(nic.source);
  if (nic.virtualport !== undefined) refuseVirtualPort(connection);
  if (nic.vlan !== undefined)
    throw unsupported("an interface of a container cannot have a vlan tag", "use a bridge or a device of that vlan");
  if (connection.type === "direct" && nic.bandwidth !== undefined) {
    const hint = "the card is in the container alone: limit it there, or use a bridge";
    throw unsupported("Unable to set network bandwidth on direct interfaces", hint);
  }
  if (nic.filterref !== undefined)
    throw unsupported("filters are not supported on LXC network interfaces", "remove <filterref>");
  return connection;
}

function connected(source: InterfaceSource): Connection {
  if (source.type !== "network") return known(source);
  const actual = source.actual?.source;
  if (actual === undefined) throw internal("No bridge name specified", "the network gave the card nothing to hang on");
  return actual.type === "network" ? { type: "bridge", bridge: deviceName(actual.bridge) } : known(actual);
}

function known(source: Exclude<InterfaceSource, { type: "network" }>): Connection {
  switch (source.type) {
    case "bridge":
      return { type: "bridge", bridge: deviceName(source.bridge) };
    case "direct":
      return { type: "direct", dev: deviceName(source.dev), mode: source.mode };
    case "ethernet":
      return { type: "ethernet" };
    default:
      throw internal(`Unsupported network type ${source.type}`, "bridge, network, direct and ethernet are known");
  }
}

function refuseVirtualPort({ type }: Connection): void {
  if (type === "direct") throw unsupported("Unable to set port profile on direct interfaces", "remove <virtualport>");
  throw unsupported("virtual ports are not supported on LXC network interfaces", "remove <virtualport>");
}

/** A name that the kernel takes and no tool takes for anything else. */
export function deviceName(name: string): string {
  if (/^[A-Za-z0-9_.+][A-Za-z0-9_.:+-]{0,14}$/.test(name) && name !== "." && name !== "..") return name;
  throw new VirtError("INVALID_ARG", `'${name}' is not a name of a network device`, {
    domain: "LXC",
    hint: "at most 15 letters, digits and _ . : + -, with no - in front",
  });
}

/** The words of one `ip addr add`. */
export function addressWords({ address, family, prefix, peer }: NonNullable<SourceIp["ips"]>[number]): string {
  const length = prefix || defaultPrefix(checkedAddress(address, family));
  if (peer === undefined) return `${address}/${length}`;
  return `${address} peer ${checkedAddress(peer)}/${length}`;
}

/** The words of one `ip route add` after the device. */
export function routeWords({ address, family, prefix, netmask, gateway, metric }: IpRoute): string {
  const isEverywhere = address === "0.0.0.0" || address === "::";
  const length =
    prefix ?? (netmask === undefined ? undefined : maskLength(netmask)) ?? (isEverywhere ? 0 : defaultPrefix(address));
  const priority = metric === undefined ? "" : ` metric ${metric}`;
  return `${checkedAddress(address, family)}/${length} via ${checkedAddress(gateway, family)}${priority}`;
}

function checkedAddress(address: string, family?: string): string {
  const fits =
    family === "ipv4" ? isIPv4(address) : family === "ipv6" ? isIPv6(address) : isIPv4(address) || isIPv6(address);
  // A zone is no part of an address that is given to a device.
  if (fits && !address.includes("%")) return address;
  throw new VirtError("INVALID_ARG", `Invalid address '${address}'`, { domain: "LXC", hint: "write it in numbers" });
}

/** As networks were divided before they had prefixes. */
function defaultPrefix(address: string): number {
  if (isIPv6(address)) return 64;
  const first = Number(address.split(".")[0]);
  return first < 128 ? 8 : first < 192 ? 16 : 24;
}

function maskLength(netmask: string): number {
  const bits = netmask.split(".").map((each) => Number(each).toString(2).padStart(8, "0"));
  return bits.join("").replace(/0+$/, "").length;
}

function unsupported(detail: string, hint: string): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "LXC", hint });
}

function internal(detail: string, hint: string): VirtError {
  return new VirtError("INTERNAL_ERROR", detail, { domain: "LXC", hint });
}
