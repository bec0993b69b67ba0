/** What an image's first bytes say of the image below it. */
export interface ImageHeader {
  /** As it stands in the image: absolute, relative to the image's folder, or a URI. */
  readonly backingFile?: string;
  readonly backingFormat?: string;
}

const MAGIC = 0x514649fb;
const BACKING_FORMAT = 0xe2792aca;
const MAX_NAME = 1023;

/** Reads a qcow2 header; `undefined` for anything that is none. The bytes come from a guest, so nothing in them is trusted. */
export function readQcow2Header(bytes: Buffer): ImageHeader | undefined {
  if (bytes.length < 72 || bytes.readUInt32BE(0) !== MAGIC) return undefined;
  const version = bytes.readUInt32BE(4);
  if (version !== 2 && version !== 3) return undefined;
  const offset = Number(bytes.readBigUInt64BE(8));
  const length = bytes.readUInt32BE(16);
  if (offset === 0 || length === 0) return {};
  if (length > MAX_NAME || offset + length > bytes.length) return undefined;
  const backingFile = bytes.toString("utf8", offset, offset + length);
  const backingFormat = readFormat(bytes, version === 2 ? 72 : bytes.readUInt32BE(100), offset);
  return backingFormat === undefined ? { backingFile } : { backingFile, backingFormat };
}

/** Extensions of the header lie one after the other up to an empty one or to the backing file's name. */
function readFormat(bytes: Buffer, begin: number, end: number): string | undefined {
  let at = begin;
  while (at + 8 <= end) {
    const type = bytes.readUInt32BE(at);
    const length = bytes.readUInt32BE(at + 4);
    if (type === 0 || at + 8 + length > end) return undefined;
    if (type === BACKING_FORMAT) return bytes.toString("utf8", at + 8, at + 8 + length);
    at += 8 + length + ((8 - (length % 8)) % 8);
  }
  return undefined;
}
