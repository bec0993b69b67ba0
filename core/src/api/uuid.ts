import type { Codec } from "../xdr/index.js";
import { XdrError } from "../xdr/index.js";

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Sixteen bytes as libvirt prints a UUID: lower case, with dashes. */
export function formatUuid(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += "-";
    text += HEX[bytes[i] as number];
  }
  return text;
}

/** The sixteen bytes of a UUID in libvirt's spelling: any case, dashes anywhere or none; `undefined` where it is none. */
export function parseUuid(text: string): Buffer | undefined {
  const digits = text.trim().replaceAll("-", "");
  return /^[0-9a-fA-F]{32}$/.test(digits) ? Buffer.from(digits, "hex") : undefined;
}

/** A UUID: its 36-character text in the API, sixteen bytes on the wire. */
export const uuid: Codec<string> = {
  layout: "opaque[16]",
  encode(writer, value) {
    const bytes = parseUuid(value);
    if (bytes === undefined) throw new XdrError(`'${value}' is not a UUID`);
    writer.bytes(bytes);
  },
  decode: (reader) => formatUuid(reader.bytes(16)),
};
