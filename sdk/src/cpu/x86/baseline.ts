import type { Cpu } from "../../conf/domain/model/index.js";
import type { BaselineOptions } from "../architecture.js";
import { intersection, union } from "../bits.js";
import type { CpuDefinition } from "../definition.js";
import { cpuError } from "../map/source.js";
import type { X86Map, X86Vendor } from "../map/x86.js";
import { decodeX86 } from "./decode.js";
import { allBits, bitsOfNames, modelOf } from "./features.js";

export function baselineX86(map: X86Map, cpus: readonly CpuDefinition[], options: BaselineOptions): Cpu {
  const [first] = cpus;
  if (first === undefined) throw cpuError("INVALID_ARG", "no CPUs given");
  const names = [...new Set(cpus.flatMap(({ model }) => model ?? []))];
  const vendor = commonVendor(map, cpus);
  let common = allBits(map, first);
  for (const cpu of cpus.slice(1)) common = intersection(common, allBits(map, cpu));
  if (options.features !== undefined) common = intersection(common, bitsOfNames(map, options.features));
  if (common.size === 0) throw cpuError("OPERATION_FAILED", "CPUs are incompatible");
  const decoded = decodeX86(map, vendor === undefined ? common : union(common, vendor.bits), {
    who: "guest",
    models: options.models,
    preferred: names,
    migratable: options.migratable,
  });
  const allSaySo = cpus.every((cpu) => cpu.vendor !== undefined);
  return {
    mode: "custom",
    match: "exact",
    model: decoded.model.name,
    fallback: names.length === 1 && names[0] === decoded.model.name ? "forbid" : "allow",
    vendor: allSaySo ? decoded.vendor : undefined,
    features: decoded.features,
  };
}

/** The maker that all have who say, and all whose model's maker is known; the first one's model is not asked. */
function commonVendor(map: X86Map, cpus: readonly CpuDefinition[]): X86Vendor | undefined {
  let common: X86Vendor | undefined;
  cpus.forEach((cpu, at) => {
    const ofModel = at === 0 || cpu.model === undefined ? undefined : modelOf(map, cpu.model).vendor;
    if (cpu.vendor !== undefined && ofModel !== undefined && cpu.vendor !== ofModel) {
      const words = `CPU vendor ${ofModel} of model ${cpu.model} differs from vendor ${cpu.vendor}`;
      throw cpuError("OPERATION_FAILED", words);
    }
    const name = cpu.vendor ?? ofModel;
    if (name === undefined) return;
    const vendor = map.vendors.find((each) => each.name === name);
    if (vendor === undefined) throw cpuError("OPERATION_FAILED", `Unknown CPU vendor ${name}`);
    common ??= vendor;
    if (common !== vendor) throw cpuError("OPERATION_FAILED", "CPU vendors do not match");
  });
  return common;
}
