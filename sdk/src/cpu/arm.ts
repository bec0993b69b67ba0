import type { Cpu } from "../conf/domain/model/index.js";
import { attribute, child } from "../xml/index.js";
import type { BaselineOptions, CpuArchitecture, CpuComparison } from "./architecture.js";
import { type CpuDefinition, featuresOf, isHostCpu } from "./definition.js";
import { cpuError, type MapElements } from "./map/source.js";

export interface ArmArchitecture extends CpuArchitecture {
  baseline(cpus: readonly CpuDefinition[], options: BaselineOptions): Cpu;
  /** The model of a processor by the part and the implementer that it reports. */
  decode(part: number, implementer: number): { readonly model: string; readonly vendor?: string | undefined };
}

/** ARM processors: which models a hypervisor has is up to the hypervisor. */
export function armArchitecture(elements: MapElements): ArmArchitecture {
  const number = (text: string | undefined) => Number(text ?? Number.NaN);
  const vendors = new Map(elements.vendors.map((each) => [number(attribute(each, "value")), attribute(each, "name")]));
  const models = elements.models.map((element) => {
    const pvr = child(element, "pvr");
    return { name: attribute(element, "name") ?? "", part: number(pvr && attribute(pvr, "value")) };
  });
  const features = new Set(elements.features.map((element) => attribute(element, "name")));
  return {
    modelNames: [],
    checkFeatures({ features: asked }) {
      const unknown = asked.find(({ name }) => !features.has(name));
      if (unknown !== undefined) throw cpuError("CONFIG_UNSUPPORTED", `unknown CPU feature: ${unknown.name}`);
    },
    compare,
    baseline: ([first]) => ({ mode: "custom", match: "exact", fallback: "allow", model: first?.model, features: [] }),
    update,
    expand: (cpu) => cpu,
    migratable: (cpu) => cpu,
    vendorOf: () => undefined,
    decode(part, implementer) {
      const found = models.find((model) => model.part === part);
      const hex = (value: number, width: number) => `0x${value.toString(16).padStart(width, "0")}`;
      if (found === undefined) throw cpuError("OPERATION_FAILED", `Cannot find CPU model with PVR ${hex(part, 3)}`);
      const vendor = vendors.get(implementer);
      if (implementer !== 0 && vendor === undefined)
        throw cpuError("OPERATION_FAILED", `Cannot find CPU vendor with vendor id ${hex(implementer, 2)}`);
      return { model: found.name, vendor };
    },
  };
}

/** Only hosts are compared; what a guest asks for is left to the hypervisor. */
function compare(host: CpuDefinition | undefined, cpu: CpuDefinition): CpuComparison {
  if (!isHostCpu(cpu)) return { result: "identical" };
  if (host?.model === undefined) return { result: "incompatible", reason: "unknown host CPU" };
  if (host.vendor === cpu.vendor && host.model === cpu.model) return { result: "identical" };
  const wanted = `vendor ${cpu.vendor ?? "<null>"} or(and) model ${cpu.model}`;
  return { result: "incompatible", reason: `Host CPU model does not match required CPU ${wanted}` };
}

function update(guest: Cpu, host: CpuDefinition | undefined): Cpu {
  if (guest.mode !== "host-model") return guest;
  if (host === undefined) throw cpuError("CONFIG_UNSUPPORTED", "unknown host CPU model");
  const { model, vendor } = host;
  return { ...guest, mode: "custom", match: "exact", model, vendor, vendorId: undefined, features: featuresOf(host) };
}
