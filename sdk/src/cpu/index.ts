export type { BaselineOptions, CpuArchitecture, CpuComparison } from "./architecture.js";
export {
  type CpuBits,
  type CpuidRegister,
  cpuidKey,
  msrKey,
  type Signature,
  setBits,
  signatureBits,
  signatureOf,
  signatureWord,
  union,
  vendorBits,
} from "./bits.js";
export { BASELINE_FLAG, baselineOf, COMPARE_FLAG, comparisonResult, translateCpu, updateCpu } from "./calls.js";
export {
  type CpuDefinition,
  featuresOf,
  type HostCpu,
  isHostCpu,
  namesNoModel,
  type UsableModels,
  withFeatures,
} from "./definition.js";
export { formatCpuDefinition, parseCpuDefinition, parseCpuList, readCpuDefinition } from "./document.js";
export { hostAsGuest, readHostCpu, readKnownCpu, readSevLimits } from "./host/index.js";
export { readKvmMaxVcpus } from "./host/kvm.js";
export { hasCpus, loadArm, loadCpus, loadPpc64, loadX86 } from "./load.js";
export { cpuError } from "./map/source.js";
export { readBits, type X86Map } from "./map/x86.js";
export { withoutRevision } from "./ppc64.js";
export { type DecodedCpu, type DecodeOptions, decodeX86 } from "./x86/decode.js";
export { allBits, bitsByPolicy, bitsOfNames, hasFeature, isMsrFeature } from "./x86/features.js";
export { withNames, type X86Architecture } from "./x86/index.js";
