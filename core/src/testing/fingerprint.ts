import { createHash } from "node:crypto";
import { decodeFromBuffer } from "../xdr/index.js";
import { Random } from "./random.js";
import { wireSample } from "./wire-sample.js";
import type { WireType } from "./wire-types.js";

/** Values of each type that are looked at. */
const VALUES = 16;

/** Values of a type, always the same. */
export function valuesOf({ procedure, codec }: WireType): Record<string, unknown>[] {
  return Array.from({ length: VALUES }, (_, index) => {
    const random = new Random(procedure * VALUES + index);
    return decodeFromBuffer(codec, wireSample(codec.layout, random));
  });
}

/**
 * What the bytes of each procedure's values come down to: eight digits by `PROGRAM NUMBER`. `bytesOf` encodes the values of a
 * type, here or elsewhere.
 */
export function fingerprints(
  types: readonly WireType[],
  bytesOf: (type: WireType, values: readonly Record<string, unknown>[]) => readonly Uint8Array[],
): Map<string, string> {
  const hashes = new Map<string, ReturnType<typeof createHash>>();
  for (const type of types) {
    const key = `${type.program.name} ${type.procedure}`;
    const hash = hashes.get(key) ?? createHash("sha256");
    hashes.set(key, hash);
    for (const bytes of bytesOf(type, valuesOf(type))) hash.update(`${type.part} ${bytes.length}\n`).update(bytes);
  }
  return new Map([...hashes].map(([key, hash]) => [key, hash.digest("hex").slice(0, 8)]));
}

/** A line for each program: its name, and the number and the fingerprint of each procedure. */
export function formatFingerprints(prints: ReadonlyMap<string, string>): string {
  const lines = new Map<string, string>();
  for (const [key, print] of prints) {
    const [, program = "", procedure] = /^(.*) (\d+)$/.exec(key) ?? [];
    lines.set(program, `${lines.get(program) ?? `${program}:`} ${procedure}=${print}`);
  }
  return [...lines.values(), ""].join("\n");
}

/** The other way round. */
export function parseFingerprints(text: string): Map<string, string> {
  const prints = new Map<string, string>();
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const [program = "", rest = ""] = line.split(": ");
    for (const [, procedure, print = ""] of rest.matchAll(/(\d+)=(\w+)/g)) prints.set(`${program} ${procedure}`, print);
  }
  return prints;
}
