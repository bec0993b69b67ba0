import test from "ava";
import fc from "fast-check";
import { DomainRef, domain, type TypedParam, typedParam } from "../api/index.js";
import {
  array,
  type Codec,
  chars,
  charsWithNul,
  decodeFromBuffer,
  encodeToBuffer,
  fixedChars,
  i32,
  i64,
  opaque,
  optional,
  string,
  struct,
  u8,
  u32,
  u64,
  XdrError,
} from "./index.js";

const hex = (buffer: Buffer) => buffer.toString("hex");

test("values have the bytes of RFC 4506", (t) => {
  const rows: [Codec<unknown, never>, unknown, string][] = [
    [i32, -2, "fffffffe"],
    [u32, 4294967295, "ffffffff"],
    [u64, 2n ** 63n, "8000000000000000"],
    [u64, 4294967296 * 5 + 7, "0000000500000007"],
    [i64, -1, "ffffffffffffffff"],
    [u8, 255, "000000ff"],
    [string(10), "abcde", "000000056162636465000000"],
    [opaque(9), Buffer.from([1]), "0000000101000000"],
    [optional(i32), null, "00000000"],
    [optional(i32), 1, "0000000100000001"],
    [array(i32, 3), [1, 2], "000000020000000100000002"],
    [fixedChars(3), "ab", "000000610000006200000000"],
    [struct({ a: i32, b: string(4) }), { a: 1, b: "é" }, "0000000100000002c3a90000"],
  ];
  for (const [codec, value, bytes] of rows) {
    t.is(hex(encodeToBuffer(codec, value as never)), bytes, codec.layout);
    const decoded = decodeFromBuffer(codec, Buffer.from(bytes, "hex"));
    t.is(hex(encodeToBuffer(codec, decoded as never)), bytes, `${codec.layout} again`);
  }
});

test("what XDR cannot carry is refused, and so are bytes that are not the type", (t) => {
  const wrongValues: [Codec<unknown, never>, unknown][] = [
    [i32, 2 ** 31],
    [i32, 1.5],
    [u32, -1],
    [u64, -1n],
    [u64, 2 ** 60],
    [i64, 2n ** 63n],
    [string(2), "abc"],
    [opaque(1), Buffer.alloc(2)],
    [array(i32, 1), [1, 2]],
    [u8, 256],
  ];
  for (const [codec, value] of wrongValues)
    t.throws(() => encodeToBuffer(codec, value as never), { instanceOf: XdrError });
  const wrongBytes: [Codec<unknown, never>, string][] = [
    [i32, "0000"],
    [string(2), "00000003616263"],
    [string(9), "0000000561"],
    [string(9), "0000000361006200"],
    [array(i32, 1000), "000003e8"],
    [optional(i32), "00000001"],
    [u8, "00000100"],
    [typedParam, "0000000161000000" + "00000009" + "00000000"],
    [i32, "0000000100000001"],
  ];
  for (const [codec, bytes] of wrongBytes) {
    t.throws(() => decodeFromBuffer(codec, Buffer.from(bytes, "hex")), { instanceOf: XdrError });
  }
});

test("any truth value but 0 announces what is optional, as in libvirtd", (t) => {
  t.is(decodeFromBuffer(optional(i32), Buffer.from("0100000000000007", "hex")), 7);
});

test("typed parameters and domains come back as they went", (t) => {
  const value = fc.oneof(
    fc.record({ type: fc.constant("int" as const), value: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) }),
    fc.record({ type: fc.constant("ullong" as const), value: fc.bigInt(0n, 2n ** 64n - 1n) }),
    fc.record({ type: fc.constant("llong" as const), value: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) }),
    fc.record({ type: fc.constant("double" as const), value: fc.double({ noNaN: true }) }),
    fc.record({ type: fc.constant("boolean" as const), value: fc.boolean() }),
    fc.record({ type: fc.constant("string" as const), value: fc.string({ unit: "grapheme" }) }),
  );
  const params = array(typedParam, 100);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string(), value)),
      fc.uuid(),
      fc.string({ unit: "grapheme" }),
      (entries, uuid, name) => {
        const list = entries.map(([field, rest]) => ({ field, ...rest }) as TypedParam);
        t.deepEqual(decodeFromBuffer(params, encodeToBuffer(params, list)), list);
        const plain = { name, uuid, id: -1 };
        t.deepEqual(decodeFromBuffer(domain, encodeToBuffer(domain, plain)), plain);
        t.deepEqual(encodeToBuffer(domain, new DomainRef(name, uuid, -1)), encodeToBuffer(domain, plain));
      },
    ),
  );
});

test("an array of characters ends at a NUL, unless a NUL is one of them", (t) => {
  const encoded = encodeToBuffer(charsWithNul(16), "\0fred\0é");
  t.is(decodeFromBuffer(charsWithNul(16), encoded), "\0fred\0é");
  t.is(decodeFromBuffer(chars(16), encoded), "");
  t.is(decodeFromBuffer(chars(16), encodeToBuffer(chars(16), "fred\0x")), "fred");
});
