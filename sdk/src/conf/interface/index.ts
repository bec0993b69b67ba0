export { formatHostInterface } from "./format.js";
export type { NetworkLink } from "./link.js";
export type {
  BondMode,
  BondMonitor,
  BondPart,
  BridgePart,
  EthernetPart,
  HostInterface,
  InterfaceAddress,
  InterfaceProtocol,
  VlanPart,
} from "./model.js";
export { parseHostInterface, readHostInterface } from "./parse.js";
