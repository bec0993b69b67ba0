import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import test from "ava";
import fc from "fast-check";
import { fingerprints, parseFingerprints } from "../testing/fingerprint.js";
import { Random } from "../testing/random.js";
import { wireSample } from "../testing/wire-sample.js";
import { type WireType, wireTypes } from "../testing/wire-types.js";
import { decodeFromBuffer, encodeToBuffer } from "../xdr/index.js";
import { wireError } from "./index.js";

const TYPES: readonly Pick<WireType, "name" | "part" | "codec">[] = [
  ...wireTypes(),
  { name: "an error", part: "msg", codec: wireError },
];

/** What encoding gives again of bytes that came. A truth value may come as any number and leaves as 1. */
function isSame(came: Buffer, left: Buffer): boolean {
  if (came.length !== left.length) return false;
  for (let at = 0; at < came.length; at += 4) {
    const [before, after] = [came.readUInt32BE(at), left.readUInt32BE(at)];
    if (before !== after && (after !== 1 || before === 0)) return false;
  }
  return true;
}

test("every value of every message of every program comes back as it went", (t) => {
  for (const { name, part, codec } of TYPES) {
    const property = fc.property(fc.integer(), (seed) => {
      const came = wireSample(codec.layout, new Random(seed));
      const value = decodeFromBuffer(codec, came);
      const left = encodeToBuffer(codec, value);
      return isSame(came, left) && isDeepStrictEqual(decodeFromBuffer(codec, left), value);
    });
    const { failed, seed, counterexample } = fc.check(property, { numRuns: 25 });
    t.false(failed, `${name} ${part}: seed ${seed}, ${counterexample}`);
  }
});

test("the bytes of every procedure of libvirt's are those of libvirt's own encoders", (t) => {
  const kept = parseFingerprints(
    readFileSync(new URL("../../src/testing/wire-fingerprints.txt", import.meta.url), "utf8"),
  );
  const types = wireTypes().filter(({ program }) => program.name !== "polyvisor" && program.name !== "keepalive");
  const ours = fingerprints(types, ({ codec }, values) => values.map((value) => encodeToBuffer(codec, value)));
  const names = new Map(types.map(({ program, procedure, name }) => [`${program.name} ${procedure}`, name]));
  const others = [...ours]
    .filter(([key, print]) => kept.get(key) !== print)
    .map(([key]) => `${key}: ${names.get(key)}`);
  t.deepEqual(others, [], "npm run protocol-bytes compares the bytes themselves with libvirt's");
  t.is(kept.size, ours.size);
  t.true(kept.size > 450);
});
