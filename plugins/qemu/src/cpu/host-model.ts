import type { Cpu, CpuFeature } from "@polyvisor/sdk/conf";
import {
  type CpuArchitecture,
  type CpuBits,
  type CpuDefinition,
  decodeX86,
  featuresOf,
  isMsrFeature,
  setBits,
  signatureBits,
  type UsableModels,
  union,
  vendorBits,
  withFeatures,
  withNames,
  type X86Architecture,
} from "@polyvisor/sdk/cpu";
import {
  accelOf,
  type CpuProperty,
  type HostCpu,
  has,
  isNativeGuest,
  isX86,
  type QemuCapabilities,
  type VirtType,
} from "../capabilities/index.js";
import { featureFromQemu, isForQemu } from "./feature-names.js";
import { usableModels } from "./usable-models.js";

/** The host's processor as its guests can have it. */
export interface HostModels {
  /** What `host-model` stands for, as domain capabilities tell it. */
  readonly reported: Cpu;
  /** What a guest of that mode gets: without what keeps it from being migrated. */
  readonly migratable: Cpu;
  /** All that the host and the emulator have: what guests' wishes are held against. */
  readonly full: CpuDefinition;
}

/** What is known of the host's processor. */
export interface HostProcessor {
  /** libvirt's name of its architecture. */
  readonly arch: string;
  /** The processor as far as the models allow; undefined where it is not known. */
  describe(models?: UsableModels): CpuDefinition | undefined;
}

/** What choosing a guest's processor takes beyond its configuration and its emulator. */
export interface CpuKnowledge {
  /** The guest's architecture, and the host's. */
  readonly guest: CpuArchitecture;
  readonly host: CpuArchitecture;
  readonly processor: HostProcessor;
}

/** What `host-model` means for an emulator; undefined where it means nothing. */
export function hostModels(caps: QemuCapabilities, type: VirtType, known: CpuKnowledge): HostModels | undefined {
  if (!isNativeGuest(known.processor.arch, caps.arch)) return undefined;
  const byType = cached(caps);
  if (!byType.has(type)) byType.set(type, findHostModels(caps, type, known));
  return byType.get(type);
}

const CACHE = new WeakMap<QemuCapabilities, Map<VirtType, HostModels | undefined>>();

function cached(caps: QemuCapabilities): Map<VirtType, HostModels | undefined> {
  const known = CACHE.get(caps) ?? new Map<VirtType, HostModels | undefined>();
  CACHE.set(caps, known);
  return known;
}

/** A processor that no model describes is as good as one that is not known. */
function findHostModels(caps: QemuCapabilities, type: VirtType, known: CpuKnowledge): HostModels | undefined {
  try {
    return emulatorsModels(caps, type, known) ?? hostsModels(caps, type, known);
  } catch {
    return undefined;
  }
}

/** As the emulator tells it. Undefined where it does not. */
function emulatorsModels(caps: QemuCapabilities, type: VirtType, known: CpuKnowledge): HostModels | undefined {
  const info = accelOf(caps, type)?.hostCpu;
  if (info === undefined) return undefined;
  const tellsMigratable = info.properties.some(({ migratable }) => migratable !== undefined);
  const drop = <C extends CpuDefinition>(cpu: C) => withoutMsrs(cpu, caps, known.guest);
  const describe = (migratable: boolean) => describeInfo(caps, type, info, migratable, known.guest);
  const reported = describe(false);
  if (reported === undefined) return undefined;
  const migratable = tellsMigratable ? describe(true) : undefined;
  const host = type === "qemu" ? undefined : known.processor.describe();
  return {
    reported: drop(reported),
    migratable: drop(migratable ?? known.guest.migratable(reported)),
    full: drop(host === undefined ? reported : withAll(host, known.guest.expand(reported))),
  };
}

function describeInfo(
  caps: QemuCapabilities,
  type: VirtType,
  info: HostCpu,
  migratable: boolean,
  architecture: CpuArchitecture,
): Cpu | undefined {
  const common = { mode: "custom", match: "exact", fallback: "forbid" } as const;
  if (caps.arch.startsWith("s390"))
    return { ...common, model: info.name, features: flagsOf(caps.arch, info, migratable) };
  if (!isX86Architecture(architecture)) return undefined;
  const { map } = architecture;
  const bits = x86BitsOf(architecture, caps.arch, info.properties, migratable);
  const { model, vendor, features } = decodeX86(map, bits, { who: "guest", models: usableModels(caps, type) });
  return { ...common, model: model.name, vendor, features };
}

export function isX86Architecture(architecture: CpuArchitecture): architecture is X86Architecture {
  return "map" in architecture;
}

function flagsOf(arch: string, { properties }: HostCpu, migratableOnly: boolean): readonly CpuFeature[] {
  return properties.flatMap(({ name, value, migratable }): CpuFeature[] => {
    if (typeof value !== "boolean") return [];
    const isOn = value && !(migratableOnly && migratable === false);
    return [{ name: featureFromQemu(arch, name), policy: isOn ? "require" : "disable" }];
  });
}

/** A processor's bits from the properties of its model in QEMU. */
export function x86BitsOf(
  { map }: X86Architecture,
  arch: string,
  properties: readonly CpuProperty[],
  migratableOnly: boolean,
): CpuBits {
  const bits = new Map<string, number>();
  const make = { family: 0, model: 0, stepping: 0 };
  let vendor: CpuBits | undefined;
  for (const { name, value, migratable } of properties) {
    if (value === true && !(migratableOnly && migratable === false))
      for (const [key, word] of map.features.get(featureFromQemu(arch, name))?.bits ?? []) setBits(bits, key, word);
    if (name === "vendor" && typeof value === "string") vendor = vendorBits(value);
    if ((name === "family" || name === "model" || name === "stepping") && typeof value === "number") make[name] = value;
  }
  return union(bits, vendor ?? new Map(), signatureBits(make));
}

/** As the host tells it, where the emulator does not. On ARM and s390 only an emulator could. */
function hostsModels(caps: QemuCapabilities, type: VirtType, known: CpuKnowledge): HostModels | undefined {
  if (/^(arm|aarch64|s390)/.test(caps.arch)) return undefined;
  const host = known.processor.describe(usableModels(caps, type));
  if (host === undefined) return undefined;
  const features = featuresOf(host).filter(({ name }) => isForQemu(caps.arch, name));
  const { model, vendor } = host;
  const cpu: Cpu = { mode: "custom", match: "exact", fallback: "allow", model, vendor, features };
  const reported = withoutMsrs(cpu, caps, known.guest);
  return { reported, migratable: known.guest.migratable(reported), full: reported };
}

/** The host with what the emulator adds of its own. */
function withAll(host: CpuDefinition, emulated: Cpu): Cpu {
  const there = emulated.features.filter(({ policy }) => policy === "require");
  const { model, vendor } = host;
  return { mode: "custom", match: "exact", model, vendor, features: withFeatures(featuresOf(host), there) };
}

/** Emulators that cannot tell which features they could not give know nothing of those in model-specific registers. */
function withoutMsrs<C extends CpuDefinition>(cpu: C, caps: QemuCapabilities, architecture: CpuArchitecture): C {
  if (!isX86(caps.arch) || has(caps, "cpu-unavailable-features") || !isX86Architecture(architecture)) return cpu;
  return withNames(cpu, (name) => !isMsrFeature(architecture.map, name));
}
