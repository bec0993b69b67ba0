import { XdrWriter } from "../xdr/index.js";
import { parseLayout, type Shape } from "./layout.js";
import type { Random } from "./random.js";

const INTS = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)];
const HYPERS = [0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), -1n];
const DOUBLES = [0, -0, 1.5, -1e300, 5e-324, Number.POSITIVE_INFINITY];
const LETTERS = ["a", "Z", "0", " ", "\n", "<", "é", "€", "𝄞"];
/** Longer ones show nothing that these do not. */
const LENGTH_MAX = 5;

/**
 * A value of that layout as the wire has it. It is one that libvirt's own programs may send: texts are UTF-8 without a zero
 * in them, numbers are of all sizes, lists of every length up to a few entries.
 */
export function wireSample(layout: string, random: Random): Buffer {
  const writer = new XdrWriter();
  write(writer, parseLayout(layout), random);
  return writer.take();
}

type Write<S> = (writer: XdrWriter, shape: S, random: Random) => void;

const WRITE: { readonly [K in Shape["kind"]]: Write<Extract<Shape, { kind: K }>> } = {
  basic: writeBasic,
  string: (writer, { max }, random) => void writer.string(text(random, max)),
  opaque: writeOpaque,
  optional: writeOptional,
  list: writeList,
  struct(writer, { fields }, random) {
    for (const field of fields) write(writer, field, random);
  },
  union(writer, { arms }, random) {
    const [discriminant, arm] = random.pick(arms);
    writer.i32(discriminant);
    write(writer, arm, random);
  },
};

function write(writer: XdrWriter, shape: Shape, random: Random): void {
  (WRITE[shape.kind] as Write<Shape>)(writer, shape, random);
}

function writeBasic(writer: XdrWriter, { type }: Extract<Shape, { kind: "basic" }>, random: Random): void {
  const word = random.below(2) === 0 ? random.word() | 0 : random.pick(INTS);
  if (type === "int") writer.i32(word);
  else if (type === "uint") writer.u32(word >>> 0);
  else if (type === "char") writer.i32((word << 24) >> 24);
  else if (type === "uchar") writer.i32(word & 0xff);
  else if (type === "ushort") writer.i32(word & 0xffff);
  else if (type === "double") writer.f64(random.below(2) === 0 ? word / 1000 : random.pick(DOUBLES));
  else writeHyper(writer, type, random);
}

function writeHyper(writer: XdrWriter, type: string, random: Random): void {
  const value = random.below(2) === 0 ? (BigInt(random.word()) << 32n) | BigInt(random.word()) : random.pick(HYPERS);
  if (type === "hyper") writer.i64(BigInt.asIntN(64, value));
  else if (type === "uhyper") writer.u64(BigInt.asUintN(64, value));
  else throw new Error(`no sample of the type ${type}`);
}

function writeOpaque(writer: XdrWriter, shape: Extract<Shape, { kind: "opaque" }>, random: Random): void {
  const length = shape.fixed ? shape.length : random.below(Math.min(shape.length, LENGTH_MAX) + 1);
  if (!shape.fixed) writer.u32(length);
  writer.bytes(Uint8Array.from({ length }, () => random.below(256)));
}

function writeOptional(writer: XdrWriter, { of }: Extract<Shape, { kind: "optional" }>, random: Random): void {
  const isThere = random.below(2);
  writer.u32(isThere);
  if (isThere === 1) write(writer, of, random);
}

/** Characters are a text with each byte in a word of its own: in an array of fixed size zeros follow it. */
function writeList(writer: XdrWriter, { of, length, fixed }: Extract<Shape, { kind: "list" }>, random: Random): void {
  const count = fixed ? length : random.below(Math.min(length, LENGTH_MAX) + 1);
  if (!fixed) writer.u32(count);
  const isText = of.kind === "basic" && of.type === "char";
  const used = isText && fixed ? random.below(count) : count;
  for (let i = 0; i < count; i++) {
    if (!isText) write(writer, of, random);
    else writer.i32(i < used ? 1 + random.below(127) : 0);
  }
}

function text(random: Random, max: number): string {
  const letters = Array.from({ length: random.below(12) }, () => random.pick(LETTERS)).join("");
  return Buffer.byteLength(letters) <= max ? letters : "";
}
