import type { Cpu } from "../conf/domain/model/index.js";
import type { CpuArchitecture } from "./architecture.js";
import { type CpuDefinition, featuresOf, withFeatures } from "./definition.js";
import { cpuError } from "./map/source.js";

/** s390 processors: the emulator knows what can run where, and is asked. */
export const S390_ARCHITECTURE: CpuArchitecture = {
  modelNames: [],
  checkFeatures,
  compare: () => ({ result: "identical" }),
  update,
  expand: (cpu) => cpu,
  migratable: (cpu) => cpu,
  vendorOf: () => undefined,
};

function checkFeatures({ features }: Cpu): void {
  const optional = features.find(({ policy }) => policy === "optional");
  if (optional === undefined) return;
  const words = "only cpu feature policies 'require' and 'disable' are supported for";
  throw cpuError("CONFIG_UNSUPPORTED", `${words} ${optional.name}`);
}

function update(guest: Cpu, host: CpuDefinition | undefined): Cpu {
  const isCustom = (guest.mode ?? "custom") === "custom";
  if (isCustom && guest.match === "minimum")
    throw cpuError("CONFIG_UNSUPPORTED", `match mode ${guest.match} not supported`);
  if (isCustom && guest.features.some(({ policy }) => policy === "optional"))
    throw cpuError("CONFIG_UNSUPPORTED", "optional CPU features are not supported");
  if (isCustom) return guest;
  if (host === undefined) throw cpuError("CONFIG_UNSUPPORTED", "unknown host CPU model");
  const features = withFeatures(featuresOf(host), guest.features);
  const { model, vendor } = host;
  return { ...guest, mode: "custom", match: "exact", model, vendor, vendorId: undefined, features };
}
