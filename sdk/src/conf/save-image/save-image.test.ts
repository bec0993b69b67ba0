import { VirtError } from "@polyvisor/core";
import test from "ava";
import {
  decodeSaveHeader,
  encodeSaveImage,
  finishedHeader,
  formatSaveCookie,
  parseSaveCookie,
  readSaveData,
  SAVE_HEADER_BYTES,
} from "../index.js";

const DATA = { xml: "<domain>ü</domain>\n", cookie: "<cookie/>\n" };

function finished(): Buffer {
  const image = encodeSaveImage(DATA, { wasRunning: true, compression: "xz" });
  finishedHeader(image).copy(image);
  return image;
}

test("what is written before a guest's state is read again once it is finished", (t) => {
  const image = finished();
  const header = decodeSaveHeader(image);
  t.deepEqual(header, {
    version: 2,
    dataLength: image.length - SAVE_HEADER_BYTES,
    wasRunning: true,
    compression: "xz",
    cookieOffset: Buffer.byteLength(DATA.xml) + 1,
    byteOrder: "little",
  });
  t.deepEqual(readSaveData(header, image.subarray(SAVE_HEADER_BYTES)), DATA);
});

test("the header has the layout of libvirt's: 92 bytes, words after the magic", (t) => {
  const image = finished();
  t.is(SAVE_HEADER_BYTES, 92);
  t.is(image.subarray(0, 16).toString(), "LibvirtQemudSave");
  t.deepEqual(
    [16, 24, 28].map((at) => image.readUInt32LE(at)),
    [2, 1, 3],
  );
  t.is(image.readUInt32LE(20), Buffer.byteLength(DATA.xml + DATA.cookie) + 2 + 65536);
});

test("an XML may take the place of another, in the room and the byte order that the file has", (t) => {
  const old = finished();
  const swapped = Buffer.from(old);
  for (let at = 16; at < SAVE_HEADER_BYTES; at += 4) swapped.writeUInt32BE(old.readUInt32LE(at), at);
  const header = decodeSaveHeader(swapped);
  t.is(header.byteOrder, "big");
  const image = encodeSaveImage({ xml: "<domain>longer than before</domain>" }, header);
  t.is(image.length, old.length);
  const again = decodeSaveHeader(image);
  t.deepEqual([again.byteOrder, again.wasRunning, again.compression], ["big", true, "xz"]);
  t.deepEqual(readSaveData(again, image.subarray(SAVE_HEADER_BYTES)), { xml: "<domain>longer than before</domain>" });
  const error = t.throws(() => encodeSaveImage({ xml: "x".repeat(70_000) }, header), { instanceOf: VirtError });
  t.regex(error?.message ?? "", /new xml too large to fit in file/);
});

function damaged(at: number, word: number): Buffer {
  const image = finished();
  image.writeUInt32LE(word, at);
  return image;
}

const REFUSED: readonly (readonly [what: string, image: () => Buffer, words: RegExp])[] = [
  ["too short", () => finished().subarray(0, 91), /failed to read qemu header/],
  ["not finished", () => encodeSaveImage(DATA, { wasRunning: false, compression: "raw" }), /save image is incomplete/],
  ["something else", () => Buffer.alloc(200, "x"), /image magic is incorrect/],
  ["of the future", () => damaged(16, 3), /image version is not supported \(3 > 2\)/],
  ["without data", () => damaged(20, 0), /invalid header data length: 0/],
  ["of an absurd length", () => damaged(20, 0xffffffff), /invalid header data length/],
  ["packed in an unknown way", () => damaged(28, 9), /Invalid compressed save format 9/],
  ["with a cookie beyond its end", () => damaged(32, 0x10000000), /invalid cookie offset/],
];

for (const [what, image, words] of REFUSED) {
  test(`a save image that is ${what} is refused in libvirt's words`, (t) => {
    const error = t.throws(() => decodeSaveHeader(image()), { instanceOf: VirtError });
    t.is(error?.code, "OPERATION_FAILED");
    t.regex(error?.message ?? "", words);
    t.truthy(error?.hint);
  });
}

test("a save image that is cut off is refused", (t) => {
  const image = finished();
  const header = decodeSaveHeader(image);
  const read = (bytes: number) => () =>
    readSaveData(header, image.subarray(SAVE_HEADER_BYTES, SAVE_HEADER_BYTES + bytes));
  t.regex(t.throws(read(3), { instanceOf: VirtError })?.message ?? "", /failed to read domain XML/);
  t.regex(t.throws(read(header.cookieOffset + 1), { instanceOf: VirtError })?.message ?? "", /failed to read cookie/);
});

test("a cookie is printed as it was read", (t) => {
  const cookie = "<cookie>\n  <cpu mode='custom'>\n    <model>x</model>\n  </cpu>\n  <slirpHelper/>\n</cookie>\n";
  t.is(formatSaveCookie(parseSaveCookie(cookie)), cookie);
  const error = t.throws(() => parseSaveCookie("<biscuit/>"), { instanceOf: VirtError });
  t.regex(error?.message ?? "", /expecting root element of 'cookie', not 'biscuit'/);
});
