export { formatNodeDevice } from "./format.js";
export * from "./model.js";
export { type NodeDeviceParseOptions, parseNodeDevice, readNodeDevice } from "./parse.js";
