import { isIPv6 } from "node:net";

export type IpFamily = "ipv4" | "ipv6";

/** A numeric address in its usual form (`::1`, `10.0.0.1`), undefined when `text` is none, or none of that family. */
export function parseIpAddress(text: string, family?: IpFamily): string | undefined {
  const address = lookUp(text)?.address;
  if (address === undefined) return undefined;
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
  return lookUp(address)?.bytes ?? [];
}

interface Known {
  readonly bytes: readonly number[];
  /** In its usual form. */
  readonly address: string;
}

/** What was read lately: an address is looked at many times while its network is checked. */
const LATELY = new Map<string, Known>();
const LATELY_MAX = 256;
/** Longer texts are no addresses, and not worth to be kept. */
const LENGTH_MAX = 64;

function lookUp(text: string): Known | undefined {
  const known = LATELY.get(text);
  if (known !== undefined) return known;
  const bytes = text.includes(":") ? ipv6Bytes(text) : ipv4Bytes(text);
  if (bytes === undefined) return undefined;
  const found = { bytes, address: formatBytes(bytes) };
  if (text.length > LENGTH_MAX) return found;
  if (LATELY.size === LATELY_MAX) LATELY.clear();
  LATELY.set(text, found);
  return found;
}

/** How many bits a netmask sets, undefined when they are not all in front. */
export function prefixOfNetmask(netmask: string): number | undefined {
  let prefix = 0;
  let ended = false;
  for (const byte of ipBytes(netmask)) {
    for (let bit = 0x80; bit > 0; bit >>= 1) {
      if ((byte & bit) === 0) ended = true;
      else if (ended) return undefined;
      else prefix++;
    }
  }
  return prefix;
}

/** The netmask of a prefix, undefined when the family has no such prefix. */
export function netmaskOfPrefix(prefix: number, family: IpFamily): string | undefined {
  if (prefix < 0 || prefix > (family === "ipv4" ? 32 : 128)) return undefined;
  const known = NETMASKS[family].get(prefix);
  if (known !== undefined) return known;
  const length = family === "ipv4" ? 4 : 16;
  const bytes = Array.from({ length }, (_, at) => 0xff & ~(0xff >> Math.min(8, Math.max(0, prefix - at * 8))));
  const netmask = formatBytes(bytes);
  NETMASKS[family].set(prefix, netmask);
  return netmask;
}

/** Those that were asked for; there are few. */
const NETMASKS = { ipv4: new Map<number, string>(), ipv6: new Map<number, string>() } as const;

/** The address with every bit cleared that the netmask has not; both of one family. */
export function maskAddress(address: string, netmask: string): string {
  const mask = ipBytes(netmask);
  return formatBytes(ipBytes(address).map((byte, at) => byte & (mask[at] ?? 0)));
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
  const gap = text.indexOf("::");
  const bytes: number[] = [];
  appendWords(bytes, gap < 0 ? text : text.slice(0, gap));
  if (gap < 0) return bytes;
  const back: number[] = [];
  appendWords(back, text.slice(gap + 2));
  while (bytes.length + back.length < 16) bytes.push(0);
  bytes.push(...back);
  return bytes;
}

function appendWords(bytes: number[], words: string): void {
  if (words === "") return;
  for (const word of words.split(":")) {
    if (word.includes(".")) bytes.push(...word.split(".").map(Number));
    else {
      const number = Number.parseInt(word, 16);
      bytes.push(number >> 8, number & 0xff);
    }
  }
}

function formatBytes(bytes: readonly number[]): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  const words: number[] = [];
  for (let at = 0; at < 16; at += 2) words.push((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0));
  const { start, length } = longestZeros(words);
  const dotted = start === 0 && (length === 6 || (length === 5 && words[5] === 0xffff));
  if (dotted) return `::${length === 5 ? "ffff:" : ""}${bytes.slice(12).join(".")}`;
  return length < 2 ? hex(words, 0, 8) : `${hex(words, 0, start)}::${hex(words, start + length, 8)}`;
}

function hex(words: readonly number[], from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) text += `${at > from ? ":" : ""}${(words[at] ?? 0).toString(16)}`;
  return text;
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
