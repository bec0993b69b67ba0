import type { Codec } from "../xdr/index.js";
import { XdrError } from "../xdr/index.js";

const BYTES = 16;
const TEXT_LENGTH = 36;
const DASH = "-".charCodeAt(0);

/** Where the two digits of each byte stand in the text. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

const DASHES = [8, 13, 18, 23];

const DIGITS = Buffer.from("0123456789abcdef");

/** A text in the making: one string out of it costs a third of a string put together from pieces. */
const scratch = Buffer.alloc(TEXT_LENGTH, DASH);

/** The value of a hexadecimal digit by its character code, negative for other characters. */
const VALUES = new Int8Array(128).fill(-1);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  VALUES[digit.charCodeAt(0)] = value;
  VALUES[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Sixteen bytes from `at` on as libvirt prints a UUID: lower case, with dashes. */
export function formatUuid(bytes: Uint8Array, at = 0): string {
  for (let i = 0; i < BYTES; i++) {
    const byte = bytes[at + i] as number;
    const place = PLACES[i] as number;
    scratch[place] = DIGITS[byte >> 4] as number;
    scratch[place + 1] = DIGITS[byte & 15] as number;
  }
  return scratch.toString("latin1");
}

/** The sixteen bytes of a UUID in libvirt's spelling: any case, dashes anywhere or none; `undefined` where it is none. */
export function parseUuid(text: string): Buffer | undefined {
  const digits = text.trim().replaceAll("-", "");
  return /^[0-9a-fA-F]{32}$/.test(digits) ? Buffer.from(digits, "hex") : undefined;
}

/** Puts the bytes of a UUID in our own spelling at `at`; false, with anything written there, where it is in another one. */
function putUuid(text: string, bytes: Uint8Array, at: number): boolean {
  if (text.length !== TEXT_LENGTH) return false;
  let seen = 0;
  for (let i = 0; i < BYTES; i++) {
    const place = PLACES[i] as number;
    const high = digitOf(text.charCodeAt(place));
    const low = digitOf(text.charCodeAt(place + 1));
    bytes[at + i] = (high << 4) | low;
    seen |= high | low;
  }
  return seen >= 0 && DASHES.every((place) => text.charCodeAt(place) === DASH);
}

function digitOf(character: number): number {
  return character < VALUES.length ? (VALUES[character] as number) : -1;
}

/** A UUID: its 36-character text in the API, sixteen bytes on the wire. */
export const uuid: Codec<string> = {
  layout: "opaque[16]",
  encode(writer, value) {
    writer.ensure(BYTES);
    if (putUuid(value, writer.buffer, writer.offset)) {
      writer.offset += BYTES;
      return;
    }
    const bytes = parseUuid(value);
    if (bytes === undefined) throw new XdrError(`'${value}' is not a UUID`);
    writer.bytes(bytes);
  },
  decode(reader) {
    const at = reader.skip(BYTES);
    return formatUuid(reader.buffer, at);
  },
};
