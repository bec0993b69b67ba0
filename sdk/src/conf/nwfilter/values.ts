import { parseIpAddress, parseMacAddress, parseWrappingUint32, prefixOfNetmask } from "../common/index.js";
import type { AttributeValues, ConnectionState, TcpFlag } from "./model.js";
import type { AttributeKind } from "./protocols.js";

/** A value that was read; `hex` where it was written in hexadecimal. */
export interface ReadValue<T> {
  readonly value: T;
  readonly hex?: true | undefined;
}

/** How the values of one kind are read and printed. */
interface Codec<T> {
  /** Undefined when the text is no such value. */
  read(text: string): ReadValue<T> | undefined;
  print(value: T, hex: boolean): string;
  /** What is allowed, for hints. */
  readonly allowed: string;
}

function printNumber(value: number, hex: boolean): string {
  return hex ? `0x${value.toString(16)}` : `${value}`;
}

/** A number that fits below `limit`: decimal where that can be, else hexadecimal. */
function readNumber(text: string, limit: number): ReadValue<number> | undefined {
  const decimal = parseWrappingUint32(text);
  if (decimal !== undefined && decimal <= limit) return { value: decimal };
  const hex = parseWrappingUint32(text, 16);
  return hex !== undefined && hex <= limit ? { value: hex, hex: true } : undefined;
}

/** Numbers up to `fits` that must be in a range as well. */
function number(fits: number, most = fits): Codec<number> {
  const read = (text: string): ReadValue<number> | undefined => {
    const found = readNumber(text, fits);
    return found === undefined || found.value > most ? undefined : found;
  };
  return { read, print: printNumber, allowed: `a number up to ${most}, decimal or hexadecimal` };
}

/** Numbers that have names too. */
function named(fits: number, least: number, names: Readonly<Record<string, number>>, asHex: boolean): Codec<number> {
  const entries = Object.entries(names);
  const read = (text: string): ReadValue<number> | undefined => {
    const found = readNumber(text, fits);
    if (found !== undefined) return found.value >= least ? found : undefined;
    const byName = entries.find(([name]) => name.toLowerCase() === text.toLowerCase());
    return byName === undefined ? undefined : { value: byName[1] };
  };
  const print = (value: number, hex: boolean): string =>
    entries.find(([, each]) => each === value)?.[0] ?? printNumber(value, hex && asHex);
  const range = least === 0 ? `up to ${fits}` : `from ${least} to ${fits}`;
  return { read, print, allowed: `${Object.keys(names).join(", ")}, or a number ${range}` };
}

function text(read: (text: string) => string | undefined, allowed: string): Codec<string> {
  const readValue = (written: string): ReadValue<string> | undefined => {
    const value = read(written);
    return value === undefined ? undefined : { value };
  };
  return { read: readValue, print: (value) => value, allowed };
}

/** A mask, as a number of bits or as an address with all its ones in front. */
function mask(family: "ipv4" | "ipv6", most: number): Codec<number> {
  const read = (written: string): ReadValue<number> | undefined => {
    const bits = parseWrappingUint32(written);
    if (bits !== undefined) return bits <= most ? { value: bits } : undefined;
    const address = parseIpAddress(written, family);
    const value = address === undefined ? undefined : prefixOfNetmask(address);
    return value === undefined ? undefined : { value };
  };
  return { read, print: printNumber, allowed: `a number of bits up to ${most}, or a netmask` };
}

/** All ones in front. */
const MAC_MASK = /^(?:ff:)*(?:ff|fe|fc|f8|f0|e0|c0|80|00)(?::00)*$/;

function readMacMask(written: string): string | undefined {
  const mac = parseMacAddress(written);
  return mac !== undefined && MAC_MASK.test(mac) ? mac : undefined;
}

/** Words from a list, with commas or blanks or nothing at all between them; undefined when another word is there. */
function readWords<T extends string>(written: string, words: readonly T[]): ReadonlySet<T> | undefined {
  const found = new Set<T>();
  const next = new RegExp(`[\\s,]*(${words.join("|")})`, "iy");
  let end = 0;
  for (let match = next.exec(written); match !== null; match = next.exec(written)) {
    const upper = match[1]?.toUpperCase();
    const word = words.find((each) => each === upper);
    if (word !== undefined) found.add(word);
    end = next.lastIndex;
  }
  return /^[\s,]*$/.test(written.slice(end)) ? found : undefined;
}

const STATES: readonly ConnectionState[] = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "NONE"];

const connectionState: Codec<readonly ConnectionState[]> = {
  read(written) {
    const found = readWords(written, STATES);
    if (found === undefined) return undefined;
    return { value: found.has("NONE") ? ["NONE"] : STATES.filter((state) => found.has(state)) };
  },
  print: (value) => value.join(","),
  allowed: `a list of ${STATES.join(", ")}`,
};

const TCP_FLAGS: readonly TcpFlag[] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

function readTcpFlags(written: string): readonly TcpFlag[] | undefined {
  const found = readWords(written, [...TCP_FLAGS, "ALL", "NONE"]);
  return found && TCP_FLAGS.filter((flag) => found.has("ALL") || found.has(flag));
}

function printTcpFlags(flags: readonly TcpFlag[]): string {
  return flags.length === 0 ? "NONE" : flags.length === TCP_FLAGS.length ? "ALL" : flags.join(",");
}

const tcpFlags: Codec<AttributeValues["tcpFlags"]> = {
  read(written) {
    const slash = written.indexOf("/");
    const maskFlags = slash < 0 ? undefined : readTcpFlags(written.slice(0, slash));
    const flags = slash < 0 ? undefined : readTcpFlags(written.slice(slash + 1));
    return maskFlags === undefined || flags === undefined ? undefined : { value: { mask: maskFlags, flags } };
  },
  print: (value) => `${printTcpFlags(value.mask)}/${printTcpFlags(value.flags)}`,
  allowed: `MASK/FLAGS, each a list of ${TCP_FLAGS.join(", ")}, or ALL, or NONE`,
};

const ipSetFlags: Codec<AttributeValues["ipSetFlags"]> = {
  read(written) {
    if (!/^(?:src|dst)(?:,(?:src|dst)){0,5}$/i.test(written)) return undefined;
    return { value: written.split(",").map((flag) => (flag.toLowerCase() === "src" ? "src" : "dst")) };
  },
  print: (value) => value.join(","),
  allowed: "up to six of src and dst, with commas",
};

const COMMENT_LENGTH = 256;

/** At most 256 bytes, and no half character at the end. */
function readComment(written: string): string {
  const bytes = Buffer.from(written);
  if (bytes.length <= COMMENT_LENGTH) return written;
  return new TextDecoder().decode(bytes.subarray(0, COMMENT_LENGTH), { stream: true });
}

const ETHER_TYPES = { arp: 0x0806, rarp: 0x8035, ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100 };

const IP_PROTOCOLS = { tcp: 6, udp: 17, udplite: 136, esp: 50, ah: 51, icmp: 1, igmp: 2, sctp: 132, icmpv6: 58 };

const ARP_OPCODES = {
  Request: 1,
  Reply: 2,
  Request_Reverse: 3,
  Reply_Reverse: 4,
  DRARP_Request: 5,
  DRARP_Reply: 6,
  DRARP_Error: 7,
  InARP_Request: 8,
  ARP_NAK: 9,
};

const decimal: Codec<number> = {
  read(written) {
    const value = parseWrappingUint32(written);
    return value === undefined || value > 0xffff ? undefined : { value };
  },
  print: printNumber,
  allowed: "a decimal number up to 65535",
};

const boolean: Codec<boolean> = {
  read: (written) => ({ value: ["true", "1", "yes"].includes(written) }),
  print: String,
  allowed: "true, false",
};

export const CODECS: { readonly [K in AttributeKind]: Codec<AttributeValues[K]> } = {
  mac: text(parseMacAddress, "a MAC address such as 52:54:00:12:34:56"),
  macMask: text(readMacMask, "a mask such as ff:ff:ff:00:00:00, all its ones in front"),
  ipv4: text((written) => parseIpAddress(written, "ipv4"), "an IPv4 address"),
  ipv4Mask: mask("ipv4", 32),
  ipv6: text((written) => parseIpAddress(written, "ipv6"), "an IPv6 address"),
  ipv6Mask: mask("ipv6", 128),
  uint8: number(0xff),
  uint16: number(0xffff),
  uint16Decimal: decimal,
  uint32: number(0xffffffff),
  dscp: number(0xff, 63),
  vlanId: number(0xffff, 4095),
  etherType: named(0xffff, 0x600, ETHER_TYPES, true),
  vlanEtherType: named(0xffff, 0x3c, ETHER_TYPES, true),
  ipProtocol: named(0xff, 0, IP_PROTOCOLS, true),
  arpOpcode: named(0xffff, 0, ARP_OPCODES, false),
  boolean,
  connectionState,
  tcpFlags,
  ipSet: text(
    (written) => (/^[a-zA-Z0-9_.:+ -]{0,31}$/.test(written) ? written : undefined),
    "a name of at most 31 letters, digits and _.:-+",
  ),
  ipSetFlags,
  comment: text(readComment, "any text"),
};
