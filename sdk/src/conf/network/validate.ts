import { VirtError } from "@polyvisor/core";
import { ipFamily } from "../common/index.js";
import { formatNetwork } from "./format/network.js";
import type { Network, NetworkForward } from "./model.js";
import { parseNetwork } from "./read.js";

/**
 * Refuses an updated network that could not be defined like that, as libvirt does when it keeps an update: by reading
 * again what it would print.
 */
export function recheckNetwork(network: Network): void {
  parseNetwork(formatNetwork(network));
}

/**
 * Refuses a network that the network driver cannot run: what libvirt checks when one is defined or created, beyond the
 * format itself. What needs the host (bridge names in use, virtual functions) is left to the driver.
 */
export function validateNetwork(network: Network): void {
  if (network.name.includes("\n")) {
    throw new VirtError("XML_DETAIL", "invalid char in name: \n", { domain: "XML", hint: "Write one line." });
  }
  const { forward } = network;
  const unmanaged = forward !== undefined && !["nat", "route", "open"].includes(forward.mode);
  if (unmanaged) checkUnmanaged(network, forward.mode);
  const shaped = !unmanaged || (forward.mode === "bridge" && network.bridge.name !== undefined);
  if (network.bandwidth !== undefined && !shaped) {
    const where = `network ${network.name} with forward mode='${forward?.mode}'`;
    unsupported(`Unsupported network-wide <bandwidth> element in ${where}`, "Remove <bandwidth>.");
  }
  if (forward !== undefined) checkPool(network.name, forward);
  checkDhcp(network);
  checkPortGroups(network, shaped);
}

function unsupported(detail: string, hint: string): never {
  throw new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "NETWORK", hint });
}

/** The host's side of these networks is not ours to set up. */
function checkUnmanaged(network: Network, mode: string): void {
  const { dns } = network;
  const refuse = (element: string): never =>
    unsupported(
      `Unsupported <${element}> element in network ${network.name} with forward mode='${mode}'`,
      `Remove <${element}>.`,
    );
  if (network.mac !== undefined) refuse("mac");
  if (network.ips.length > 0) refuse("ip");
  if (dns.txts.length > 0 || dns.hosts.length > 0 || dns.srvs.length > 0) refuse("dns");
  if (network.domain !== undefined) refuse("domain");
}

function checkPool(name: string, { mode, interfaces, pf }: NetworkForward): void {
  for (const each of interfaces) {
    if (each.type === "netdev" && mode === "hostdev") {
      const detail = `hostdev network '${name}' lists '${each.dev}' in the device pool, but hostdev networks require all devices to be listed by PCI address, not network device name`;
      unsupported(detail, "Write <address type='pci' .../>.");
    }
    if (each.type === "pci" && mode !== "hostdev") {
      const detail = `network '${name}' has forward mode '${mode}'  but lists a device by PCI address in the device pool. This is only supported for networks with forward mode 'hostdev'`;
      unsupported(detail, "Write <interface dev='...'/>.");
    }
  }
  if (pf !== undefined && interfaces.length > 0) {
    const detail = `<address>, <interface>, and <pf> elements of <forward> in network ${name} are mutually exclusive`;
    unsupported(detail, "Keep one kind.");
  }
}

function checkDhcp({ ips }: Network): void {
  for (const [family, shown] of [["ipv4", "IPv4"] as const, ["ipv6", "IPv6"] as const]) {
    const used = ips.filter((ip) => ipFamily(ip.address) === family && (ip.ranges.length > 0 || ip.hosts.length > 0));
    if (used.length > 1) {
      const detail = `Multiple ${shown} dhcp sections found -- dhcp is supported only for a single ${shown} address on each network`;
      unsupported(detail, "Keep one <dhcp>.");
    }
  }
}

function checkPortGroups(network: Network, shaped: boolean): void {
  const { name, portgroups, forward } = network;
  const mode = forward?.mode;
  const openvswitch = (port: Network["virtualport"]): boolean => mode === "bridge" && port?.type === "openvswitch";
  const vlanAllowed = mode === "hostdev" || mode === "passthrough" || openvswitch(network.virtualport);
  const badGroup = portgroups.some((group) => {
    if (network.vlan === undefined && group.vlan === undefined) return false;
    return group.virtualport === undefined ? !vlanAllowed : !openvswitch(group.virtualport);
  });
  checkGroupNames(network);
  for (const group of portgroups) {
    if (group.bandwidth === undefined) continue;
    if (!shaped) {
      const detail = `Unsupported <bandwidth> element in network '${name}' in portgroup '${group.name}' with forward mode='${mode}'`;
      unsupported(detail, "Remove <bandwidth>.");
    }
  }
  const hasDefault = portgroups.some((group) => group.isDefault);
  if (badGroup || (network.vlan !== undefined && !vlanAllowed && !hasDefault)) {
    const detail = `<vlan> element specified for network ${name}, whose type doesn't support vlan configuration`;
    unsupported(detail, "Remove <vlan>, or use an Open vSwitch bridge.");
  }
}

function checkGroupNames({ name, portgroups }: Network): void {
  const [first, second] = portgroups.filter((group) => group.isDefault);
  if (first !== undefined && second !== undefined) {
    const detail = `network '${name}' has multiple default <portgroup> elements (${first.name} and ${second.name}), but only one default is allowed`;
    unsupported(detail, "Keep one default='yes'.");
  }
  const counts = new Map<string, number>();
  for (const group of portgroups) counts.set(group.name, (counts.get(group.name) ?? 0) + 1);
  const twice = [...counts].find(([, count]) => count > 1)?.[0];
  if (twice !== undefined) {
    const detail = `multiple <portgroup> elements with the same name (${twice}) in network '${name}'`;
    unsupported(detail, "Choose another name.");
  }
}
