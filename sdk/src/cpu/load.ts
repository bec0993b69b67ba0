import type { CpuArchitecture } from "./architecture.js";
import type { ArmArchitecture } from "./arm.js";
import { armArchitecture } from "./arm.js";
import { cpuError, readMap } from "./map/source.js";
import { readX86Map } from "./map/x86.js";
import { type Ppc64Architecture, ppc64Architecture } from "./ppc64.js";
import { S390_ARCHITECTURE } from "./s390.js";
import { type X86Architecture, x86Architecture } from "./x86/index.js";

/** Reads something at its first use, once for all who ask; after a failure the next one tries again. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => {
    known ??= read().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

/** The families of processors, each with its part of the map. */
export const loadX86: () => Promise<X86Architecture> = once(async () =>
  x86Architecture(readX86Map(await readMap("x86"))),
);
export const loadPpc64: () => Promise<Ppc64Architecture> = once(async () => ppc64Architecture(await readMap("ppc64")));
export const loadArm: () => Promise<ArmArchitecture> = once(async () => armArchitecture(await readMap("arm")));

const LOADERS: readonly (readonly [arches: RegExp, load: () => Promise<CpuArchitecture>])[] = [
  [/^(i686|x86_64)$/, loadX86],
  [/^ppc64(le)?$/, loadPpc64],
  [/^(armv6l|armv7b|armv7l|aarch64)$/, loadArm],
  [/^s390x?$/, () => Promise.resolve(S390_ARCHITECTURE)],
];

/** Whether libvirt's library describes processors of an architecture. */
export function hasCpus(arch: string): boolean {
  return LOADERS.some(([arches]) => arches.test(arch));
}

/**
 * What is known of an architecture's processors; `arch` is libvirt's name of it. Reads the map at the first use.
 *
 * Throws `NO_SUPPORT` for an architecture that libvirt's library does not describe, `CONFIG_UNSUPPORTED` with a hint where the
 * library is not installed.
 */
export async function loadCpus(arch: string): Promise<CpuArchitecture> {
  const load = LOADERS.find(([arches]) => arches.test(arch))?.[1];
  if (load === undefined) throw cpuError("NO_SUPPORT", `'${arch}' architecture is not supported by CPU driver`);
  return load();
}
