/**
 * What a processor says of itself: the bits of CPUID leaves and model-specific registers, each register's by its key (`bitKey`).
 * A register that is not there is zero.
 */
export type CpuBits = ReadonlyMap<string, number>;

export type CpuidRegister = "eax" | "ebx" | "ecx" | "edx";

export function cpuidKey(leaf: number, subleaf: number, register: CpuidRegister): string {
  return `${leaf.toString(16)}.${subleaf.toString(16)}.${register}`;
}

export function msrKey(index: number, half: "eax" | "edx"): string {
  return `msr.${index.toString(16)}.${half}`;
}

/** Bits are set in place while something is put together. */
export function setBits(bits: Map<string, number>, key: string, value: number): void {
  if (value !== 0) bits.set(key, ((bits.get(key) ?? 0) | value) >>> 0);
}

export function union(...all: readonly CpuBits[]): CpuBits {
  const bits = new Map<string, number>();
  for (const each of all) for (const [key, value] of each) setBits(bits, key, value);
  return bits;
}

export function without(bits: CpuBits, ...others: readonly CpuBits[]): CpuBits {
  return transform(bits, (key, value) => others.reduce((left, other) => left & ~(other.get(key) ?? 0), value));
}

export function intersection(bits: CpuBits, other: CpuBits): CpuBits {
  return transform(bits, (key, value) => value & (other.get(key) ?? 0));
}

export function includes(bits: CpuBits, part: CpuBits): boolean {
  for (const [key, value] of part) if (((bits.get(key) ?? 0) & value) >>> 0 !== value) return false;
  return true;
}

/** Registers without a bit are left out, so that no bits are an empty map. */
function transform(bits: CpuBits, change: (key: string, value: number) => number): CpuBits {
  const changed = new Map<string, number>();
  for (const [key, value] of bits) {
    const left = change(key, value) >>> 0;
    if (left !== 0) changed.set(key, left);
  }
  return changed;
}

const LEAF_OF_SIGNATURE = cpuidKey(1, 0, "eax");
/** What of that register is reserved. */
const SIGNATURE_MASK = 0x0fff3fff;

export interface Signature {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}

/** Which make of processor it is; zeros where it does not say. */
export function signatureOf(bits: CpuBits): Signature {
  const eax = (bits.get(LEAF_OF_SIGNATURE) ?? 0) & SIGNATURE_MASK;
  return {
    family: ((eax >> 20) & 0xff) + ((eax >> 8) & 0xf),
    model: ((eax >> 12) & 0xf0) + ((eax >> 4) & 0xf),
    stepping: eax & 0xf,
  };
}

/** The register that holds it. */
export function signatureWord({ family, model, stepping }: Signature): number {
  const extended = family > 0xf ? family - 0xf : 0;
  const base = family > 0xf ? 0xf : family;
  return ((extended << 20) | ((model >> 4) << 16) | (base << 8) | ((model & 0xf) << 4) | (stepping & 0xf)) >>> 0;
}

export function signatureBits(signature: Signature): CpuBits {
  return new Map([[LEAF_OF_SIGNATURE, signatureWord(signature)]]);
}

/** A maker's name, twelve characters, as leaf 0 spells it; undefined for a text of another length. */
export function vendorBits(name: string): CpuBits | undefined {
  const bytes = Buffer.from(name, "latin1");
  if (bytes.length !== 12) return undefined;
  const registers = ["ebx", "edx", "ecx"] as const;
  return new Map(registers.map((register, at) => [cpuidKey(0, 0, register), bytes.readUInt32LE(4 * at)]));
}
