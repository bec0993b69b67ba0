export {
  type Bandwidth,
  type BandwidthRate,
  type BandwidthRules,
  formatBandwidth,
  parseBandwidth,
} from "./bandwidth.js";
export { FILE_FORMATS, type FileFormat } from "./file-formats.js";
export {
  type FilterParameter,
  type FilterReference,
  formatFilterReference,
  parseFilterParameters,
  parseFilterReference,
} from "./filter-reference.js";
export * from "./ip-address.js";
export { formatIpRoute, type IpRoute, parseIpRoute } from "./ip-route.js";
export { isMulticastMac, parseMacAddress } from "./mac-address.js";
export { keepMetadata } from "./metadata.js";
export { type HostPciAddress, hostPciAttributes, hostPciName, parseHostPciAddress } from "./pci-address.js";
export { parseWrappingUint32 } from "./uint32.js";
export { parseUuid } from "./uuid.js";
export {
  completeVirtualPort,
  formatVirtualPort,
  parseVirtualPort,
  type VirtualPort,
  type VirtualPortType,
} from "./virtual-port.js";
export { formatVlan, parseVlan, type Vlan, type VlanTag } from "./vlan.js";
