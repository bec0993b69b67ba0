import type { CpuCapability } from "@polyvisor/sdk/conf";
import { hasCpus } from "@polyvisor/sdk/cpu";
import { accelOf, has, isNativeGuest, type QemuCapabilities, type VirtType } from "../capabilities/index.js";
import { type CpuKnowledge, hostModels } from "./host-model.js";

/** The processors that guests can have. `known`: undefined where libvirt's descriptions of processors are not installed. */
export function describeCpu(
  caps: QemuCapabilities,
  type: VirtType,
  arch: string,
  hostArch: string,
  known: CpuKnowledge | undefined,
): CpuCapability {
  const isNative = type !== "qemu" && isNativeGuest(hostArch, caps.arch);
  return {
    hostPassthrough: isNative
      ? { supported: true, migratable: has(caps, "cpu.migratable") ? ["on", "off"] : ["off"] }
      : { supported: false },
    maximum: has(caps, "cpu-max") ? { supported: true, migratable: ["on", "off"] } : { supported: false },
    hostModel: known && hostModels(caps, type, known)?.reported,
    custom: customModels(caps, type, arch, known),
  };
}

/** Models that are the host's by another name are no models; where libvirt names some, QEMU's others are not told. */
function customModels(
  caps: QemuCapabilities,
  type: VirtType,
  arch: string,
  known: CpuKnowledge | undefined,
): CpuCapability["custom"] {
  if (!hasCpus(arch)) return [];
  const names = known?.guest.modelNames ?? [];
  return (accelOf(caps, type)?.cpus ?? [])
    .filter(({ name }) => name !== "host" && (names.length === 0 || names.includes(name)))
    .map(({ name, blockers, deprecated }) => ({
      name,
      usable: blockers === undefined ? "unknown" : blockers.length === 0 ? "yes" : "no",
      deprecated,
      vendor: known?.guest.vendorOf(name),
    }));
}
