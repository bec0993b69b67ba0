import { ipFamily, parseMacAddress } from "../../common/index.js";
import type { DhcpHost, Network, NetworkIp } from "../model.js";
import { parseDhcpHost, parseDhcpRange } from "../parse/dhcp.js";
import {
  cannotModify,
  expectElement,
  invalid,
  isAdd,
  NetworkUpdateCommand,
  type SectionUpdate,
  unknownCommand,
  withAdded,
  withoutAt,
  withReplaced,
} from "./list.js";

export function updateDhcpHost(update: SectionUpdate): Network {
  const { network, command, element } = update;
  expectElement(update, "host");
  const at = parentIp(update);
  const ip = ipAt(network, at);
  const partial = command === NetworkUpdateCommand.delete;
  const host = parseDhcpHost(element, network.name, ip, partial);
  if (!partial && host.ip !== undefined && ipFamily(ip.address) !== ipFamily(host.ip)) {
    const detail = "the address family of a host entry IP must match the address family of the dhcp element's parent";
    throw invalid(element, detail, `Write an ${ipFamily(ip.address)} address.`);
  }
  return withIp(network, at, { ...ip, hosts: updatedHosts(update, ip, host) });
}

function updatedHosts(update: SectionUpdate, ip: NetworkIp, host: DhcpHost): readonly DhcpHost[] {
  const { network, command, element } = update;
  const { hosts } = ip;
  const { mac = "unknown", name = "(null)", ip: address = "unknown" } = host;
  if (command === NetworkUpdateCommand.modify) {
    const found = hosts.findIndex((each) => sharesKey(host, each));
    if (found >= 0) return withReplaced(hosts, found, host);
    const detail = `couldn't locate an existing dhcp host entry with "mac='${mac}'" "name='${name}'" "ip='${address}'" in network '${network.name}'`;
    throw invalid(element, detail, "Add the entry instead.");
  }
  if (isAdd(command)) {
    checkOneDhcp(update, ip);
    if (hosts.some((each) => sharesKey(host, each))) {
      const detail = `there is an existing dhcp host entry in network '${network.name}' that matches "<host mac='${mac}' name='${name}' ip='${address}'/>"`;
      throw invalid(element, detail, "Modify or delete the existing entry.");
    }
    return withAdded(hosts, host, command);
  }
  if (command !== NetworkUpdateCommand.delete) throw unknownCommand(command);
  const found = hosts.findIndex((each) => matchesAll(host, each));
  if (found >= 0) return withoutAt(hosts, found);
  const detail = `couldn't locate a matching dhcp host entry in network '${network.name}'`;
  throw invalid(element, detail, "See net-dumpxml for the entries.");
}

function sameMac(a: string, b: string): boolean {
  return parseMacAddress(a) === parseMacAddress(b);
}

function sharesKey(a: DhcpHost, b: DhcpHost): boolean {
  return (
    (a.mac !== undefined && b.mac !== undefined && sameMac(a.mac, b.mac)) ||
    (a.ip !== undefined && a.ip === b.ip) ||
    (a.name !== undefined && a.name === b.name)
  );
}

function matchesAll(wanted: DhcpHost, each: DhcpHost): boolean {
  return (
    (wanted.mac === undefined || each.mac === undefined || sameMac(wanted.mac, each.mac)) &&
    (wanted.name === undefined || wanted.name === each.name) &&
    (wanted.ip === undefined || wanted.ip === each.ip)
  );
}

export function updateDhcpRange(update: SectionUpdate): Network {
  const { network, command, element } = update;
  expectElement(update, "range");
  const at = parentIp(update);
  const ip = ipAt(network, at);
  if (command === NetworkUpdateCommand.modify) throw cannotModify(element, "dhcp ranges");
  const range = parseDhcpRange(element, network.name, ip);
  const found = ip.ranges.findIndex((each) => each.start === range.start && each.end === range.end);
  if (isAdd(command)) {
    checkOneDhcp(update, ip);
    if (found >= 0) {
      const detail = `there is an existing dhcp range entry in network '${network.name}' that matches "<range start='${range.start}' end='${range.end}'/>"`;
      throw invalid(element, detail, "The range is there already.");
    }
    return withIp(network, at, { ...ip, ranges: withAdded(ip.ranges, range, command) });
  }
  if (command !== NetworkUpdateCommand.delete) throw unknownCommand(command);
  if (found < 0) {
    const detail = `couldn't locate a matching dhcp range entry in network '${network.name}'`;
    throw invalid(element, detail, "See net-dumpxml for the ranges.");
  }
  return withIp(network, at, { ...ip, ranges: withoutAt(ip.ranges, found) });
}

function hasDhcp(ip: NetworkIp): boolean {
  return ip.ranges.length > 0 || ip.hosts.length > 0;
}

/** The index of the `<ip>` that is meant. */
function parentIp({ network, parentIndex, element }: SectionUpdate): number {
  const { ips, name } = network;
  if (parentIndex >= 0) {
    if (parentIndex < ips.length) return parentIndex;
    const detail = `couldn't update dhcp host entry - no <ip> element found at index ${parentIndex} in network '${name}'`;
    throw invalid(element, detail, `The network has ${ips.length} <ip>, counted from 0.`);
  }
  const candidates = [
    ips.findIndex(hasDhcp),
    ips.findIndex((ip) => ipFamily(ip.address) === "ipv4"),
    ips.findIndex((ip) => ipFamily(ip.address) === "ipv6"),
  ];
  const found = candidates.find((at) => at >= 0);
  if (found !== undefined) return found;
  const detail = `couldn't update dhcp host entry - no <ip> element found in network '${name}'`;
  throw invalid(element, detail, "Define the network with an <ip>.");
}

function ipAt(network: Network, at: number): NetworkIp {
  const ip = network.ips[at];
  if (ip === undefined) throw new RangeError(`no <ip> at ${at}`);
  return ip;
}

function withIp(network: Network, at: number, ip: NetworkIp): Network {
  return { ...network, ips: withReplaced(network.ips, at, ip) };
}

/** A network gives out addresses of one subnet of each family. */
function checkOneDhcp({ network, element }: SectionUpdate, ip: NetworkIp): void {
  const family = ipFamily(ip.address);
  if (!network.ips.some((each) => each !== ip && ipFamily(each.address) === family && hasDhcp(each))) return;
  const shown = family === "ipv4" ? "IPv4" : "IPv6";
  const detail = `dhcp is supported only for a single ${shown} address on each network`;
  throw invalid(element, detail, "Name the <ip> that has <dhcp>, or -1.");
}
