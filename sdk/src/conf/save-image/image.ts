import { VirtError } from "@polyvisor/core";

/*
 * The head of a file that a QEMU guest was saved to: a fixed header in the byte order of the machine that wrote it, the
 * domain's XML, maybe a cookie, and room for a longer XML. The guest's own state follows. The magic says whether the
 * file was finished. Managers, and tools that look into such files, agree on it.
 */

const MAGIC_FINISHED = "LibvirtQemudSave";
const MAGIC_PARTIAL = "LibvirtQemudPart";
const MAGIC_BYTES = 16;
const VERSION = 2;
const UNUSED_WORDS = 14;
const WORD = 4;

/** Bytes of the fixed header. */
export const SAVE_HEADER_BYTES = MAGIC_BYTES + (5 + UNUSED_WORDS) * WORD;

/** How much longer an XML may become that takes the place of the first one. */
const ROOM = 64 * 1024;

/** No XML comes near: what a header may make a reader allocate. */
const DATA_MAX = 64 * 1024 * 1024;

/** How the guest's state is packed, in the order of the format's numbers. */
export const SAVE_COMPRESSIONS = ["raw", "gzip", "bzip2", "xz", "lzop"] as const;

export type SaveCompression = (typeof SAVE_COMPRESSIONS)[number];

export interface SaveHeader {
  readonly version: number;
  /** Bytes between the header and the guest's state. */
  readonly dataLength: number;
  /** The guest goes on when it is restored. */
  readonly wasRunning: boolean;
  readonly compression: SaveCompression;
  /** Where in the data the cookie begins; 0 without one. */
  readonly cookieOffset: number;
  readonly byteOrder: "little" | "big";
}

export interface SaveData {
  readonly xml: string;
  readonly cookie?: string | undefined;
}

function refuse(detail: string, hint: string): never {
  throw new VirtError("OPERATION_FAILED", detail, { domain: "QEMU", hint });
}

/** Reads the fixed header. Throws `OPERATION_FAILED` in libvirt's words. */
export function decodeSaveHeader(bytes: Uint8Array): SaveHeader {
  if (bytes.length < SAVE_HEADER_BYTES) refuse("failed to read qemu header", "The file is too short for a save image.");
  const magic = Buffer.from(bytes.buffer, bytes.byteOffset, MAGIC_BYTES).toString("latin1");
  if (magic === MAGIC_PARTIAL)
    refuse("save image is incomplete", "The guest was not saved to its end. Remove the file.");
  if (magic !== MAGIC_FINISHED) refuse("image magic is incorrect", "This file is no save image.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, SAVE_HEADER_BYTES);
  const isVersion = (little: boolean): boolean => view.getUint32(MAGIC_BYTES, little) <= VERSION;
  const little = isVersion(true) || !isVersion(false);
  const word = (index: number): number => view.getUint32(MAGIC_BYTES + index * WORD, little);
  const version = word(0);
  if (version > VERSION) {
    refuse(`image version is not supported (${version} > ${VERSION})`, "It was written by a newer manager.");
  }
  return {
    version,
    ...checkLengths(word(1), word(4)),
    wasRunning: word(2) !== 0,
    // the first version knew no compression
    compression: version < VERSION ? "raw" : compressionOf(word(3)),
    byteOrder: little ? "little" : "big",
  };
}

function checkLengths(dataLength: number, cookieOffset: number): Pick<SaveHeader, "dataLength" | "cookieOffset"> {
  if (dataLength === 0 || dataLength > DATA_MAX) {
    refuse(`invalid header data length: ${dataLength}`, "The file is damaged.");
  }
  if (cookieOffset > dataLength) refuse(`invalid cookie offset: ${cookieOffset}`, "The file is damaged.");
  return { dataLength, cookieOffset };
}

function compressionOf(number: number): SaveCompression {
  const hint = `Known: ${SAVE_COMPRESSIONS.join(", ")}.`;
  return SAVE_COMPRESSIONS[number] ?? refuse(`Invalid compressed save format ${number}`, hint);
}

/** The XML and the cookie from the `dataLength` bytes behind the header. */
export function readSaveData(header: SaveHeader, bytes: Uint8Array): SaveData {
  const { dataLength, cookieOffset } = header;
  const xmlEnd = cookieOffset === 0 ? dataLength : cookieOffset;
  if (bytes.length < xmlEnd) refuse("failed to read domain XML", "The file is cut off.");
  const xml = untilNul(bytes.subarray(0, xmlEnd));
  if (cookieOffset === 0) return { xml };
  if (bytes.length < dataLength) refuse("failed to read cookie", "The file is cut off.");
  return { xml, cookie: untilNul(bytes.subarray(cookieOffset, dataLength)) };
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString("utf8");
}

/**
 * Everything that stands before the guest's state, marked as not finished.
 *
 * With the header of an existing image the new data must fit into the room that it has; the result is then marked as
 * finished, since the guest's state is there already.
 */
export function encodeSaveImage(
  data: SaveData,
  how: SaveHeader | Pick<SaveHeader, "wasRunning" | "compression">,
): Buffer {
  const xml = Buffer.from(`${data.xml}\0`);
  const cookie = Buffer.from(data.cookie === undefined ? "" : `${data.cookie}\0`);
  const needed = xml.length + cookie.length;
  const replaces = "dataLength" in how;
  const dataLength = replaces ? how.dataLength : needed + ROOM;
  if (needed > dataLength) refuse("new xml too large to fit in file", `There is room for ${dataLength} bytes.`);
  const header: SaveHeader = {
    version: VERSION,
    byteOrder: "little",
    ...how,
    dataLength,
    cookieOffset: data.cookie === undefined ? 0 : xml.length,
  };
  const image = Buffer.alloc(SAVE_HEADER_BYTES + dataLength);
  encodeHeader(header, replaces ? MAGIC_FINISHED : MAGIC_PARTIAL).copy(image);
  xml.copy(image, SAVE_HEADER_BYTES);
  cookie.copy(image, SAVE_HEADER_BYTES + xml.length);
  return image;
}

/** The first bytes of a new image as they are written over when the guest's state is complete behind it. */
export function finishedHeader(image: Uint8Array): Buffer {
  const header = Buffer.from(image.subarray(0, SAVE_HEADER_BYTES));
  header.write(MAGIC_FINISHED, "latin1");
  return header;
}

function encodeHeader(header: SaveHeader, magic: string): Buffer {
  const bytes = Buffer.alloc(SAVE_HEADER_BYTES);
  bytes.write(magic, "latin1");
  const words = [
    header.version,
    header.dataLength,
    header.wasRunning ? 1 : 0,
    SAVE_COMPRESSIONS.indexOf(header.compression),
    header.cookieOffset,
  ];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const [index, word] of words.entries()) {
    view.setUint32(MAGIC_BYTES + index * WORD, word, header.byteOrder === "little");
  }
  return bytes;
}
