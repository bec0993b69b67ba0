import type { HostCpuModel } from "../../conf/capabilities.js";
import { hostArch } from "../../conf/domain/host-arch.js";
import type { Cpu } from "../../conf/domain/model/index.js";
import { type HostShape, nodeInfo, readHostShape } from "../../conf/host/index.js";
import { type CpuBits, cpuidKey, union } from "../bits.js";
import type { HostCpu, UsableModels } from "../definition.js";
import { loadArm, loadPpc64, loadX86 } from "../load.js";
import { decodeX86 } from "../x86/decode.js";
import { hasFeature } from "../x86/features.js";
import type { X86Architecture } from "../x86/index.js";
import { readCpuid } from "./cpuid.js";
import { addressBits, armPartOf, microcodeOf, pvrOf, readCpuinfo } from "./cpuinfo.js";
import { readMsr, readTsc } from "./kvm.js";

/** `IA32_ARCH_CAPABILITIES`: which faults of its kind a processor does not have. */
const ARCH_CAPABILITIES = 0x10a;

/** This host's processor as its capabilities tell it; where its model is not known, only how many there are. */
export async function readHostCpu(shape: HostShape = readHostShape()): Promise<HostCpu | HostCpuModel> {
  const { sockets, cores, threads } = nodeInfo(shape);
  const topology = { sockets, dies: 1, cores, threads };
  const known = await readKnownCpu().catch(() => undefined);
  return known === undefined ? { topology, features: [] } : { ...known, topology };
}

/** The host's processor for comparisons; undefined where its model is not known. Throws where the map is not installed. */
export async function readKnownCpu(arch = hostArch()): Promise<HostCpu | undefined> {
  if (arch === "x86_64" || arch === "i686") return x86Host(await loadX86(), arch);
  const cpuinfo = readCpuinfo();
  const pvr = arch.startsWith("ppc64") ? pvrOf(cpuinfo) : undefined;
  if (pvr !== undefined) return { arch, ...(await loadPpc64()).decode(pvr), features: [] };
  const part = arch === "aarch64" ? armPartOf(cpuinfo) : undefined;
  if (part === undefined) return undefined;
  return { arch, ...(await loadArm()).decode(part.part, part.implementer), features: part.features };
}

/** A guest's processor that is as much of the host's as the hypervisor's models allow. Only x86 hosts have one. */
export function hostAsGuest({ map }: X86Architecture, models?: UsableModels): Cpu | undefined {
  const bits = hostBits(map);
  if (bits === undefined) return undefined;
  const { model, vendor, features } = decodeX86(map, bits, { who: "guest", models });
  return { mode: "custom", match: "exact", fallback: "allow", model: model.name, vendor, features };
}

function x86Host({ map }: X86Architecture, arch: string): HostCpu | undefined {
  const bits = hostBits(map);
  if (bits === undefined) return undefined;
  const { model, vendor, features, signature } = decodeX86(map, bits, { who: "host" });
  const cpuinfo = readCpuinfo();
  return {
    arch,
    model: model.name,
    vendor,
    microcode: microcodeOf(cpuinfo),
    signature,
    tsc: hasFeature(map, bits, "invtsc") ? tsc() : undefined,
    maxphysaddr: { mode: "emulate", bits: addressBits(cpuinfo) },
    features: features.map(({ name }) => name),
  };
}

const SEV_LEAF = 0x8000001f;

/** How many guests with encrypted memory there may be, without and with encrypted registers; zeros where there are none. */
export function readSevLimits(): { readonly maxGuests: number; readonly maxESGuests: number } {
  const bits = readCpuid([[SEV_LEAF, 0]]) ?? new Map<string, number>();
  const word = (register: "ecx" | "edx") => bits.get(cpuidKey(SEV_LEAF, 0, register)) ?? 0;
  const [most, first] = [word("ecx"), word("edx")];
  return most === 0 || first === 0
    ? { maxGuests: 0, maxESGuests: 0 }
    : { maxGuests: most - first + 1, maxESGuests: first - 1 };
}

let knownBits: CpuBits | undefined;

/** All that the features and makers of the map are told by, asked once: a processor does not change. */
function hostBits(map: X86Architecture["map"]): CpuBits | undefined {
  if (knownBits !== undefined) return knownBits;
  const leaves = new Map<string, readonly [number, number]>([
    ["0.0", [0, 0]],
    ["1.0", [1, 0]],
  ]);
  for (const { bits } of map.features.values())
    for (const key of bits.keys()) {
      const [leaf = "", subleaf = ""] = key.split(".");
      if (leaf !== "msr") leaves.set(`${leaf}.${subleaf}`, [Number.parseInt(leaf, 16), Number.parseInt(subleaf, 16)]);
    }
  const bits = readCpuid(leaves.values());
  if (bits === undefined) return undefined;
  knownBits = hasFeature(map, bits, "arch-capabilities") ? union(bits, readMsr(ARCH_CAPABILITIES)) : bits;
  return knownBits;
}

let knownTsc: HostCpuModel["tsc"];

function tsc(): HostCpuModel["tsc"] {
  knownTsc ??= readTsc();
  return knownTsc;
}
