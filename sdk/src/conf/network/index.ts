export { formatNetwork, type NetworkFormatOptions } from "./format/network.js";
export { formatNetworkPort } from "./format/port.js";
export type * from "./model.js";
export { networkPrefix } from "./parse/range.js";
export { type NetworkParseOptions, parseNetwork, parseNetworkPort, readNetwork } from "./read.js";
export {
  type NetworkUpdate,
  NetworkUpdateCommand,
  NetworkUpdateSection,
  updateNetwork,
} from "./update/index.js";
export { recheckNetwork, validateNetwork } from "./validate.js";
