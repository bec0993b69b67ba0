import { errorAt, type XmlElement } from "../../../xml/index.js";
import {
  broadcastAddress,
  ipBytes,
  ipFamily,
  maskAddress,
  netmaskOfPrefix,
  prefixOfNetmask,
} from "../../common/index.js";
import type { Refuse } from "./context.js";

/** What an address range must lie in. */
export interface RangeNetwork {
  readonly address: string;
  /** Undefined when the netmask has none. */
  readonly prefix: number | undefined;
}

/** The prefix of an `<ip>`: what is written, or that of the netmask, or that of the address's class. */
export function networkPrefix(ip: {
  readonly address: string;
  readonly netmask?: string | undefined;
  readonly prefix?: number | undefined;
}): number | undefined {
  if (ip.prefix) return ip.prefix;
  if (ip.netmask !== undefined) return prefixOfNetmask(ip.netmask);
  if (ipFamily(ip.address) === "ipv6") return ip.address === "::" ? 0 : 64;
  if (ip.address === "0.0.0.0") return 0;
  const first = ipBytes(ip.address)[0] ?? 0;
  return first < 0x80 ? 8 : first < 0xc0 ? 16 : first < 0xe0 ? 24 : undefined;
}

/** Refuses a range that is reversed, larger than 65535 addresses, or not inside its network. */
export function checkRange(element: XmlElement, start: string, end: string, network?: RangeNetwork): void {
  const span = `range ${start} - ${end}`;
  const refuse: Refuse = (detail, hint) => {
    throw errorAt(element, "INTERNAL_ERROR", detail, hint, "NONE");
  };
  if (ipFamily(start) !== ipFamily(end)) {
    refuse(`mismatch of address family in ${span}`, "Write both addresses in the same family.");
  }
  if (network !== undefined) checkInside(start, end, network, refuse);
  const from = ipBytes(start);
  const to = ipBytes(end);
  const family = ipFamily(start);
  const fixed = family === "ipv4" ? 2 : 14;
  if (from.slice(0, fixed).some((byte, at) => byte !== to[at])) {
    refuse(`${span} is too large (> 65535)`, "Give fewer addresses.");
  }
  const tail = (bytes: readonly number[]): number => (bytes.at(-2) ?? 0) * 256 + (bytes.at(-1) ?? 0);
  if (tail(to) < tail(from)) {
    refuse(family === "ipv4" ? `${span} is reversed ` : `${span} start larger than end`, "Swap start and end.");
  }
}

function checkInside(start: string, end: string, { address, prefix }: RangeNetwork, refuse: Refuse): void {
  const span = `range ${start} - ${end}`;
  const family = ipFamily(address);
  if (ipFamily(start) !== family) {
    refuse(`mismatch of address family in ${span} for network ${address}`, "Write addresses of the network.");
  }
  const netmask = prefix === undefined ? undefined : netmaskOfPrefix(prefix, family);
  if (netmask === undefined) {
    refuse(`bad prefix ${prefix ?? -1} for network ${address} when  checking ${span}`, "Mend the netmask.");
  }
  const net = maskAddress(address, netmask);
  const where = `network ${address}/${prefix}`;
  if (maskAddress(start, netmask) !== net || maskAddress(end, netmask) !== net) {
    refuse(`${span} is not entirely within ${where}`, "Write addresses of the network.");
  }
  if (family === "ipv6") return;
  if (start === net) refuse(`start of ${span} in ${where} is the network address`, "Begin one address later.");
  if (end === broadcastAddress(address, netmask)) {
    refuse(`end of ${span} in ${where} is the broadcast address`, "End one address earlier.");
  }
}
