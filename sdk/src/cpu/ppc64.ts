import type { Cpu } from "../conf/domain/model/index.js";
import { attribute, child, childElements, type XmlElement } from "../xml/index.js";
import type { BaselineOptions, CpuArchitecture, CpuComparison } from "./architecture.js";
import { type CpuDefinition, isHostCpu } from "./definition.js";
import { cpuError, type MapElements } from "./map/source.js";

const ARCHES: readonly string[] = ["ppc64", "ppc64le"];

interface Ppc64Model {
  readonly vendor?: string | undefined;
  /** The version register's values that mean this model. */
  readonly pvrs: readonly { readonly value: number; readonly mask: number }[];
}

export interface Ppc64Architecture extends CpuArchitecture {
  baseline(cpus: readonly CpuDefinition[], options: BaselineOptions): Cpu;
  /** The model of a processor by its version register. */
  decode(pvr: number): { readonly model: string; readonly vendor?: string | undefined };
}

/** POWER processors: a model is all that is said of one. */
export function ppc64Architecture(elements: MapElements): Ppc64Architecture {
  const vendors = elements.vendors.map((element) => attribute(element, "name") ?? "");
  const models = new Map(elements.models.map((element) => [attribute(element, "name") ?? "", readModel(element)]));
  const known = (name: string): string => {
    if (!models.has(name)) throw cpuError("INTERNAL_ERROR", `Unknown CPU model ${name}`);
    return name;
  };
  return {
    modelNames: [...models.keys()],
    checkFeatures: () => {},
    compare: (host, cpu) => compare(known, host, cpu),
    baseline: (cpus) => baseline(cpus, models, vendors),
    update: (guest) => ((guest.mode ?? "custom") === "custom" ? { ...guest, match: "exact" } : guest),
    expand: (cpu) => cpu,
    migratable: (cpu) => cpu,
    vendorOf: (model) => models.get(model)?.vendor,
    decode(pvr) {
      const isOurs = ({ pvrs }: Ppc64Model) => pvrs.some(({ value, mask }) => (pvr & mask) >>> 0 === value);
      const found = [...models].find(([, model]) => isOurs(model));
      const hex = pvr.toString(16).padStart(8, "0");
      if (found === undefined) throw cpuError("OPERATION_FAILED", `Cannot find CPU model with PVR 0x${hex}`);
      return { model: found[0], vendor: found[1].vendor };
    },
  };
}

function readModel(element: XmlElement): Ppc64Model {
  const vendor = child(element, "vendor");
  const number = (pvr: XmlElement, name: string) => Number(attribute(pvr, name) ?? 0);
  return {
    vendor: vendor && attribute(vendor, "name"),
    pvrs: childElements(element, "pvr").map((pvr) => ({ value: number(pvr, "value"), mask: number(pvr, "mask") })),
  };
}

/** Names of single revisions, which older configurations have, as that of their generation. */
export function withoutRevision(cpu: CpuDefinition): CpuDefinition {
  const { model } = cpu;
  if (model === undefined || !/^(POWER7_v2\.1|POWER7_v2\.3|POWER7\+_v2\.1|POWER8_v1\.0)$/.test(model)) return cpu;
  return { ...cpu, model: model.slice(0, "POWERx".length) };
}

function compare(
  known: (name: string) => string,
  host: CpuDefinition | undefined,
  other: CpuDefinition,
): CpuComparison {
  if (host?.model === undefined) return { result: "incompatible", reason: "unknown host CPU" };
  const cpu = withoutRevision(other);
  if (isHostCpu(cpu) && !ARCHES.includes(cpu.arch))
    return { result: "incompatible", reason: `CPU arch ${cpu.arch} does not match host arch` };
  if (cpu.vendor !== undefined && cpu.vendor !== host.vendor)
    return { result: "incompatible", reason: `host CPU vendor does not match required CPU vendor ${cpu.vendor}` };
  const here = known(host.model);
  if (!isHostCpu(cpu) && (cpu.mode ?? "custom") !== "custom")
    return cpu.mode === "host-model" && !canPlay(host.model, cpu.model)
      ? { result: "incompatible" }
      : { result: "identical" };
  if (cpu.model === undefined) throw cpuError("INVALID_ARG", "no CPU model specified");
  if (known(cpu.model) === here) return { result: "identical" };
  return { result: "incompatible", reason: `host CPU model does not match required CPU model ${cpu.model}` };
}

/** Whether a host can play an older generation; `mode`: `power8` and the like. */
function canPlay(model: string, mode: string | undefined): boolean {
  if (mode === undefined) return true;
  const generation = (text: string, prefix: string) => {
    const number = Number(text.startsWith(prefix) ? text.slice(prefix.length) : Number.NaN);
    return Number.isInteger(number) && number >= 6 && number <= 10 ? number : undefined;
  };
  const host = generation(model, "POWER");
  if (host === undefined) throw cpuError("INTERNAL_ERROR", "Host CPU does not support compatibility modes");
  const compat = generation(mode, "power");
  if (compat === undefined) throw cpuError("INTERNAL_ERROR", `Unknown compatibility mode ${mode}`);
  return compat <= host;
}

/** All must be of one model, since nothing tells which is the older one. */
function baseline(
  cpus: readonly CpuDefinition[],
  models: ReadonlyMap<string, Ppc64Model>,
  vendors: readonly string[],
): Cpu {
  const name = cpus[0]?.model ?? "";
  const model = models.get(name);
  if (model === undefined) throw cpuError("INTERNAL_ERROR", `Unknown CPU model ${name}`);
  let vendor: string | undefined;
  for (const cpu of cpus) {
    if (cpu.model !== name) throw cpuError("OPERATION_FAILED", "CPUs are incompatible");
    if (cpu.vendor === undefined) continue;
    if (!vendors.includes(cpu.vendor)) throw cpuError("OPERATION_FAILED", `Unknown CPU vendor ${cpu.vendor}`);
    if (model.vendor !== undefined && model.vendor !== cpu.vendor) {
      const words = `CPU vendor ${model.vendor} of model ${name} differs from vendor ${cpu.vendor}`;
      throw cpuError("OPERATION_FAILED", words);
    }
    if (model.vendor !== undefined) continue;
    vendor ??= cpu.vendor;
    if (vendor !== cpu.vendor) throw cpuError("OPERATION_FAILED", "CPU vendors do not match");
  }
  return { mode: "custom", match: "exact", model: name, fallback: "forbid", vendor, features: [] };
}
