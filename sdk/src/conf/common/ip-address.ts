import { isIPv6 } from "node:net";

export type IpFamily = "ipv4" | "ipv6";

/** A numeric address in its usual form (`::1`, `10.0.0.1`), undefined when `text` is none, or none of that family. */
export function parseIpAddress(text: string, family?: IpFamily): string | undefined {
  const bytes = text.includes(":") ? ipv6Bytes(text) : ipv4Bytes(text);
  if (bytes === undefined) return undefined;
  const address = formatBytes(bytes);
  if (family === undefined || ipFamily(address) === family) return address;
  // resolvers that are asked for IPv4 take the IPv6 form of an IPv4 address
  return family === "ipv4" ? /^::ffff:([\d.]+)$/.exec(address)?.[1] : undefined;
}

/** The family of an address that `parseIpAddress` gave. */
export function ipFamily(address: string): IpFamily {
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** The 4 or 16 bytes of an address that `parseIpAddress` gave. */
export function ipBytes(address: string): readonly number[] {
  return (address.includes(":") ? ipv6Bytes(address) : ipv4Bytes(address)) ?? [];
}

/** How many bits a netmask sets, undefined when they are not all in front. */
export function prefixOfNetmask(netmask: string): number | undefined {
  const bits = ipBytes(netmask)
    .map((byte) => byte.toString(2).padStart(8, "0"))
    .join("");
  return /^1*0*$/.test(bits) ? bits.lastIndexOf("1") + 1 : undefined;
}

/** The netmask of a prefix, undefined when the family has no such prefix. */
export function netmaskOfPrefix(prefix: number, family: IpFamily): string | undefined {
  const length = family === "ipv4" ? 4 : 16;
  if (prefix < 0 || prefix > length * 8) return undefined;
  const bytes = Array.from({ length }, (_, at) => 0xff & ~(0xff >> Math.min(8, Math.max(0, prefix - at * 8))));
  return formatBytes(bytes);
}

/** The address with every bit cleared that the netmask has not; both of one family. */
export function maskAddress(address: string, netmask: string): string {
  const mask = ipBytes(netmask);
  return formatBytes(ipBytes(address).map((byte, at) => byte & (mask[at] ?? 0)));
}

/** The address with every bit set that the netmask has not; both of IPv4. */
export function broadcastAddress(address: string, netmask: string): string {
  const mask = ipBytes(netmask);
  return formatBytes(ipBytes(address).map((byte, at) => byte | (0xff & ~(mask[at] ?? 0))));
}

const DOTTED = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const LEADING_ZERO = /\b0\d/;
const IPV4_PART = /^(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/;

/** One to four numbers, decimal, octal or hexadecimal, of which the last fills what is left: what resolvers take. */
function ipv4Bytes(text: string): number[] | undefined {
  const dotted = DOTTED.exec(text);
  // octal numbers and such go the long way
  if (dotted !== null && !LEADING_ZERO.test(text)) {
    const bytes = [Number(dotted[1]), Number(dotted[2]), Number(dotted[3]), Number(dotted[4])];
    return bytes.every((byte) => byte < 256) ? bytes : undefined;
  }
  const parts = text.split(".", 5);
  if (parts.length > 4 || !parts.every((part) => IPV4_PART.test(part))) return undefined;
  const numbers = parts.map((part) => (/^0[0-7]+$/.test(part) ? Number.parseInt(part, 8) : Number(part)));
  const last = numbers.pop() ?? 0;
  const room = 4 - numbers.length;
  if (last >= 256 ** room || numbers.some((each) => each > 255)) return undefined;
  const rest = Array.from({ length: room }, (_, at) => Math.floor(last / 256 ** (room - 1 - at)) % 256);
  return [...numbers, ...rest];
}

function ipv6Bytes(text: string): number[] | undefined {
  // an address with a zone depends on the host's interfaces
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const words = (part: string): number[] =>
    part === ""
      ? []
      : part.split(":").flatMap((word) => (word.includes(".") ? dottedWords(word) : [Number.parseInt(word, 16)]));
  const [head = "", tail] = text.split("::");
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0);
  return [...front, ...zeros, ...back].flatMap((word) => [word >> 8, word & 0xff]);
}

function dottedWords(text: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split(".").map(Number);
  return [a * 256 + b, c * 256 + d];
}

function formatBytes(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join(".");
  const words = Array.from({ length: 8 }, (_, at) => (bytes[at * 2] ?? 0) * 256 + (bytes[at * 2 + 1] ?? 0));
  const { start, length } = longestZeros(words);
  const dotted = start === 0 && (length === 6 || (length === 5 && words[5] === 0xffff));
  const hex = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(":");
  if (dotted) return `::${length === 5 ? "ffff:" : ""}${bytes.slice(12).join(".")}`;
  return length < 2 ? hex(words) : `${hex(words.slice(0, start))}::${hex(words.slice(start + length))}`;
}

function longestZeros(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  words.forEach((word, at) => {
    if (word !== 0) start = at + 1;
    else if (at + 1 - start > best.length) best = { start, length: at + 1 - start };
  });
  return best;
}
