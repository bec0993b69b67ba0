export { formatNodeDevice } from "./format.js";
export * from "./model.js";
export { type NodeDeviceParseOptions, parseNodeDevice } from "./parse.js";
