export { formatFilterBinding, formatNetworkFilter } from "./format.js";
export type * from "./model.js";
export { type AttributeKind, PROTOCOLS as FILTER_PROTOCOLS, type Protocol as FilterProtocol } from "./protocols.js";
export { type NetworkFilterParseOptions, parseFilterBinding, parseNetworkFilter } from "./read.js";
