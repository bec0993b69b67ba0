import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { type CpuBits, type CpuidRegister, cpuidKey, setBits } from "../bits.js";

/** The answer of one CPUID instruction. */
type Answer = Readonly<Record<CpuidRegister, number>>;
type Cpuid = (leaf: number, subleaf: number) => Answer;

const REGISTERS: readonly CpuidRegister[] = ["eax", "ebx", "ecx", "edx"];
const PROT_READ_WRITE = 3;
const PROT_READ_EXEC = 5;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const PAGE = 4096;

/**
 * `void cpuid(uint32_t out[4], uint32_t leaf, uint32_t subleaf)` as a C compiler for x86-64 calls it: the registers that the
 * instruction fills are stored one after the other, and rbx, which belongs to the caller, is given back.
 */
const CODE = [
  [0x53], // push rbx
  [0x89, 0xf0], // mov eax, esi
  [0x89, 0xd1], // mov ecx, edx
  [0x0f, 0xa2], // cpuid
  [0x89, 0x07], // mov [rdi], eax
  [0x89, 0x5f, 0x04], // mov [rdi + 4], ebx
  [0x89, 0x4f, 0x08], // mov [rdi + 8], ecx
  [0x89, 0x57, 0x0c], // mov [rdi + 12], edx
  [0x5b], // pop rbx
  [0xc3], // ret
].flat();

/**
 * What this machine's processor says of itself, as far as `wanted` names leaves and subleaves. Undefined where it cannot be
 * asked: on another architecture, or where a process may not make code of its own.
 *
 * Node has no call for it and the kernel tells only what it uses itself, so the instruction is put on a page of its own.
 */
export function readCpuid(wanted: Iterable<readonly [leaf: number, subleaf: number]>): CpuBits | undefined {
  const cpuid = makeCpuid();
  if (cpuid === undefined) return undefined;
  const bits = new Map<string, number>();
  const highest = new Map([0, 0x80000000].map((base) => [base, cpuid(base, 0).eax]));
  for (const [leaf, subleaf] of wanted) {
    // Beyond its last leaf a processor answers something else.
    if (leaf > (highest.get(leaf >= 0x80000000 ? 0x80000000 : 0) ?? 0)) continue;
    if (leaf === 7 && subleaf > cpuid(7, 0).eax) continue;
    const answer = cpuid(leaf, subleaf);
    for (const register of REGISTERS) setBits(bits, cpuidKey(leaf, subleaf, register), answer[register]);
  }
  return bits;
}

function makeCpuid(): Cpuid | undefined {
  if (arch() !== "x64" || platform() !== "linux") return undefined;
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const libc = koffi.load(null);
  const mmap = libc.func("void *mmap(void *, size_t, int, int, int, int64_t)");
  const page: unknown = mmap(null, PAGE, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  // MAP_FAILED is the highest address.
  if (page === null || koffi.address(page) === 0xffffffffffffffffn) return undefined;
  koffi.encode(page, koffi.array("uint8_t", CODE.length), CODE);
  if (libc.func("int mprotect(void *, size_t, int)")(page, PAGE, PROT_READ_EXEC) !== 0) return undefined;
  const run = koffi.decode(page, koffi.proto("void (_Out_ uint32_t *, uint32_t, uint32_t)")) as (
    out: Uint32Array,
    leaf: number,
    subleaf: number,
  ) => void;
  return (leaf, subleaf) => {
    const out = new Uint32Array(4);
    run(out, leaf, subleaf);
    const [eax = 0, ebx = 0, ecx = 0, edx = 0] = out;
    return { eax, ebx, ecx, edx };
  };
}
