import { XdrReader } from "./reader.js";
import { XdrError, XdrWriter } from "./writer.js";

/**
 * How a type crosses the wire. `Out` is what decoding gives, `In` what encoding takes (a 64-bit integer decodes to
 * `bigint` and may be encoded from a safe `number`, for example).
 */
export interface Codec<Out, In = Out> {
  /** The XDR layout as text, such as `struct{string<4194304>,opaque[16],int}`: what the layout tests compare. */
  readonly layout: string;
  /** Of an array or what may be absent: what it is made of, for those who describe types. */
  readonly of?: Codec<unknown, never>;
  encode(writer: XdrWriter, value: In): void;
  decode(reader: XdrReader): Out;
}

export type OutOf<C> = C extends Codec<infer Out, never> ? Out : never;
export type InOf<C> = C extends { encode(writer: XdrWriter, value: infer In): void } ? In : never;

export type Fields = Readonly<Record<string, Codec<unknown, never>>>;
export type FieldsOut<F extends Fields> = { [K in keyof F]: OutOf<F[K]> };
export type FieldsIn<F extends Fields> = { [K in keyof F]: InOf<F[K]> };

export interface StructCodec<F extends Fields> extends Codec<FieldsOut<F>, FieldsIn<F>> {
  readonly fields: F;
}

export const i32: Codec<number> = {
  layout: "int",
  encode: (writer, value) => writer.i32(value),
  decode: (reader) => reader.i32(),
};

export const u32: Codec<number> = {
  layout: "uint",
  encode: (writer, value) => writer.u32(value),
  decode: (reader) => reader.u32(),
};

export const u64: Codec<bigint, bigint | number> = {
  layout: "uhyper",
  encode: (writer, value) => writer.u64(value),
  decode: (reader) => reader.u64(),
};

export const i64: Codec<bigint, bigint | number> = {
  layout: "hyper",
  encode: (writer, value) => writer.i64(value),
  decode: (reader) => reader.i64(),
};

export const f64: Codec<number> = {
  layout: "double",
  encode: (writer, value) => writer.f64(value),
  decode: (reader) => reader.f64(),
};

/** An integer that the protocol widens to 32 bits on the wire (`char`, `short` and their unsigned forms). */
function narrow(layout: string, min: number, max: number): Codec<number> {
  return {
    layout,
    encode(writer, value) {
      if (!Number.isInteger(value) || value < min || value > max)
        throw new XdrError(`${value} is not from ${min} to ${max}`);
      writer.i32(value);
    },
    decode(reader) {
      const value = reader.i32();
      if (value < min || value > max) throw new XdrError(`${value} is not from ${min} to ${max}`);
      return value;
    },
  };
}

export const i8 = narrow("char", -128, 127);
export const u8 = narrow("uchar", 0, 255);
export const u16 = narrow("ushort", 0, 65535);

/** A truth value that libvirt declares as `int`: 0 is false. */
export const flag: Codec<boolean> = {
  layout: "int",
  encode: (writer, value) => writer.i32(value ? 1 : 0),
  decode: (reader) => reader.i32() !== 0,
};

export function string(max: number): Codec<string> {
  return {
    layout: `string<${max}>`,
    encode(writer, value) {
      if (writer.string(value) > max) throw new XdrError(`a string is over the limit of ${max} bytes`);
    },
    decode: (reader) => reader.string(max),
  };
}

export function opaque(max: number): Codec<Buffer, Uint8Array> {
  return {
    layout: `opaque<${max}>`,
    encode(writer, value) {
      if (value.length > max) throw new XdrError(`${value.length} bytes are over the limit of ${max}`);
      writer.u32(value.length);
      writer.bytes(value);
    },
    decode: (reader) => reader.bytes(reader.length(max)),
  };
}

export function fixedOpaque(length: number): Codec<Buffer, Uint8Array> {
  return {
    layout: `opaque[${length}]`,
    encode(writer, value) {
      if (value.length !== length) throw new XdrError(`${value.length} bytes where ${length} are needed`);
      writer.bytes(value);
    },
    decode: (reader) => reader.bytes(length),
  };
}

/** A character array of fixed size, each character in a word of its own, ended by a zero: a string for both sides. */
export function fixedChars(length: number): Codec<string> {
  return {
    layout: `char[${length}]`,
    encode(writer, value) {
      const text = Buffer.from(value, "utf8");
      for (let i = 0; i < length; i++)
        writer.i32(i < length - 1 && i < text.length ? ((text[i] as number) << 24) >> 24 : 0);
    },
    decode(reader) {
      const bytes = Buffer.alloc(length);
      for (let i = 0; i < length; i++) bytes[i] = reader.i32() & 255;
      const end = bytes.indexOf(0);
      return bytes.toString("utf8", 0, end < 0 ? length : end);
    },
  };
}

/** A character array of any size up to a bound, each character in a word of its own: a string for both sides. */
export function chars(max: number): Codec<string> {
  const whole = charsWithNul(max);
  return {
    ...whole,
    decode(reader) {
      const text = whole.decode(reader);
      const end = text.indexOf("\0");
      return end < 0 ? text : text.slice(0, end);
    },
  };
}

/** The same where a NUL is a character like any other. */
export function charsWithNul(max: number): Codec<string> {
  return {
    layout: `char<${max}>`,
    encode(writer, value) {
      const bytes = Buffer.from(value, "utf8");
      if (bytes.length > max) throw new XdrError(`${bytes.length} characters are over the limit of ${max}`);
      writer.u32(bytes.length);
      for (const byte of bytes) writer.i32((byte << 24) >> 24);
    },
    decode(reader) {
      const length = reader.length(max);
      if (length > reader.remaining / 4) throw new XdrError("the message ends too early");
      const bytes = Buffer.alloc(length);
      for (let i = 0; i < length; i++) bytes[i] = reader.i32() & 255;
      return bytes.toString("utf8");
    },
  };
}

export function array<Out, In>(of: Codec<Out, In>, max: number): Codec<Out[], readonly In[]> {
  return new ArrayOf(of, max);
}

class ArrayOf<Out, In> implements Codec<Out[], readonly In[]> {
  readonly of: Codec<Out, In>;
  readonly #max: number;

  constructor(of: Codec<Out, In>, max: number) {
    this.of = of;
    this.#max = max;
  }

  get layout(): string {
    return `${this.of.layout}<${this.#max}>`;
  }

  encode(writer: XdrWriter, values: readonly In[]): void {
    const { of } = this;
    if (values.length > this.#max) throw new XdrError(`${values.length} entries are over the limit of ${this.#max}`);
    writer.u32(values.length);
    for (const value of values) of.encode(writer, value);
  }

  decode(reader: XdrReader): Out[] {
    const { of } = this;
    const length = reader.length(this.#max);
    if (length > reader.remaining / 4) throw new XdrError("the message ends too early");
    const values = new Array<Out>(length);
    for (let i = 0; i < length; i++) values[i] = of.decode(reader);
    return values;
  }
}

/** A value that may be absent: `null` on both sides. */
export function optional<Out, In>(of: Codec<Out, In>): Codec<Out | null, In | null> {
  return new Optional(of);
}

class Optional<Out, In> implements Codec<Out | null, In | null> {
  readonly of: Codec<Out, In>;

  constructor(of: Codec<Out, In>) {
    this.of = of;
  }

  get layout(): string {
    return `${this.of.layout}?`;
  }

  encode(writer: XdrWriter, value: In | null): void {
    writer.u32(value === null ? 0 : 1);
    if (value !== null) this.of.encode(writer, value);
  }

  /** Whatever is not 0 means presence, as libvirtd reads it: digitalocean's go-libvirt writes a 1 with its bytes reversed. */
  decode(reader: XdrReader): Out | null {
    return reader.u32() === 0 ? null : this.of.decode(reader);
  }
}

export function struct<const F extends Fields>(fields: F): StructCodec<F> {
  return new Struct(fields);
}

/** The calls have more than a thousand of these, and a daemon uses few: what one works with is made when it first does. */
class Struct<const F extends Fields> implements StructCodec<F> {
  readonly fields: F;
  #parts: Parts | undefined;

  constructor(fields: F) {
    this.fields = fields;
  }

  get layout(): string {
    const layouts = Object.values(this.fields).map(({ layout }) => layout);
    return `struct{${layouts.join(",")}}`;
  }

  encode(writer: XdrWriter, value: FieldsIn<F>): void {
    const record = value as Record<string, unknown>;
    this.#parts ??= partsOf(this.fields);
    const { names, codecs } = this.#parts;
    for (let i = 0; i < codecs.length; i++)
      (codecs[i] as Codec<unknown, unknown>).encode(writer, record[names[i] as string]);
  }

  decode(reader: XdrReader): FieldsOut<F> {
    const record: Record<string, unknown> = {};
    this.#parts ??= partsOf(this.fields);
    const { names, codecs } = this.#parts;
    for (let i = 0; i < codecs.length; i++)
      record[names[i] as string] = (codecs[i] as Codec<unknown, unknown>).decode(reader);
    return record as FieldsOut<F>;
  }
}

interface Parts {
  readonly names: readonly string[];
  readonly codecs: readonly Codec<unknown, unknown>[];
}

function partsOf(fields: Fields): Parts {
  return { names: Object.keys(fields), codecs: Object.values(fields) as Codec<unknown, unknown>[] };
}

/** The same codec under a declared name, so that an editor shows `Domain` and not a nest of codecs. */
export function named<Out, In>(codec: {
  readonly layout: string;
  encode(writer: XdrWriter, value: In): void;
  decode(reader: XdrReader): Out;
}): Codec<Out, In> {
  return codec;
}

/** Where single values are put together. A value that is encoded while another one is stands behind that one. */
let scratch = new XdrWriter();
const SCRATCH_BYTES_MAX = 65536;

/** One value in bytes of its own. */
export function encodeToBuffer<In>(codec: Codec<unknown, In>, value: In): Buffer {
  const writer = scratch;
  const start = writer.offset;
  try {
    codec.encode(writer, value);
    return writer.take(start);
  } finally {
    writer.offset = start;
    if (start === 0 && writer.buffer.length > SCRATCH_BYTES_MAX) scratch = new XdrWriter();
  }
}

/** One value out of a buffer that holds nothing else. */
export function decodeFromBuffer<Out>(codec: Codec<Out, never>, buffer: Buffer): Out {
  const reader = new XdrReader(buffer);
  const value = codec.decode(reader);
  if (reader.remaining !== 0) throw new XdrError(`${reader.remaining} bytes are left over`);
  return value;
}
