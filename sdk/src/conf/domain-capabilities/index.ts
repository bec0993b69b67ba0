export { formatDomainCapabilities } from "./format.js";
export type {
  CapabilityDevice,
  CapabilitySection,
  CpuCapability,
  CpuModeCapability,
  CpuModelCapability,
  DeviceCapabilities,
  DomainCapabilities,
  FeatureCapabilities,
  OsCapability,
  SevCapability,
  SgxCapability,
  SimpleFeature,
} from "./model.js";
export { parseDomainCapabilities } from "./parse.js";
