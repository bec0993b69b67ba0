import { errorAt, type XmlElement } from "../../../xml/index.js";
import { type IpFamily, ipBytes, ipFamily, netmaskOfPrefix, prefixOfNetmask } from "../../common/index.js";

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
  const refuse: RefuseRange = (words, hint) => {
    throw errorAt(element, "INTERNAL_ERROR", words(`range ${start} - ${end}`), hint, "NONE");
  };
  const family = ipFamily(start);
  if (family !== ipFamily(end)) {
    refuse((span) => `mismatch of address family in ${span}`, "Write both addresses in the same family.");
  }
  const from = ipBytes(start);
  const to = ipBytes(end);
  if (network !== undefined) checkInside(from, to, family, network, refuse);
  for (let at = from.length - 3; at >= 0; at--) {
    if (from[at] !== to[at]) refuse((span) => `${span} is too large (> 65535)`, "Give fewer addresses.");
  }
  if (lastWord(to) < lastWord(from)) {
    const words = family === "ipv4" ? "is reversed " : "start larger than end";
    refuse((span) => `${span} ${words}`, "Swap start and end.");
  }
}

/** Throws an error about the range that is being read; `words` gets what it is called. */
type RefuseRange = (words: (span: string) => string, hint: string) => never;

function lastWord(bytes: readonly number[]): number {
  return (bytes.at(-2) ?? 0) * 256 + (bytes.at(-1) ?? 0);
}

function checkInside(
  from: readonly number[],
  to: readonly number[],
  family: IpFamily,
  { address, prefix }: RangeNetwork,
  refuse: RefuseRange,
): void {
  if (family !== ipFamily(address)) {
    const words = (span: string): string => `mismatch of address family in ${span} for network ${address}`;
    refuse(words, "Write addresses of the network.");
  }
  const netmask = prefix === undefined ? undefined : netmaskOfPrefix(prefix, family);
  if (netmask === undefined) {
    const words = (span: string): string => `bad prefix ${prefix ?? -1} for network ${address} when  checking ${span}`;
    refuse(words, "Mend the netmask.");
  }
  const net = ipBytes(address);
  const mask = ipBytes(netmask);
  const where = (): string => `network ${address}/${prefix}`;
  if (!isSameNetwork(from, net, mask) || !isSameNetwork(to, net, mask)) {
    refuse((span) => `${span} is not entirely within ${where()}`, "Write addresses of the network.");
  }
  if (family === "ipv6") return;
  if (isAllOf(0, from, mask)) {
    refuse((span) => `start of ${span} in ${where()} is the network address`, "Begin one address later.");
  }
  if (isAllOf(0xff, to, mask)) {
    refuse((span) => `end of ${span} in ${where()} is the broadcast address`, "End one address earlier.");
  }
}

function isSameNetwork(one: readonly number[], other: readonly number[], mask: readonly number[]): boolean {
  return one.every((byte, at) => ((byte ^ (other[at] ?? 0)) & (mask[at] ?? 0)) === 0);
}

/** Whether all bits that the mask leaves to hosts are those of `byte`. */
function isAllOf(byte: 0 | 0xff, address: readonly number[], mask: readonly number[]): boolean {
  return address.every((each, at) => ((each ^ byte) & 0xff & ~(mask[at] ?? 0)) === 0);
}
