export { archFromQemu, archToQemu, GUEST_ARCHES, isNativeGuest, isX86 } from "./arch.js";
export { CapabilitiesCache } from "./cache.js";
export { capabilitiesFrom, type ProbeReplies } from "./derive.js";
export { findEmulator, findExecutable } from "./find.js";
export type { QemuFlag } from "./flags.js";
export {
  type AccelCapabilities,
  accelOf,
  type CpuDefinition,
  type CpuProperty,
  canonicalMachine,
  defaultMachine,
  findMachine,
  type HostCpu,
  has,
  type MachineType,
  type QemuCapabilities,
  type VirtType,
} from "./model.js";
export { probeEmulator } from "./probe.js";
