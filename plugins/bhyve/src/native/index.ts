export { type MadeUp, type NativeDomain, readNative } from "./read.js";
export { writeNative } from "./write.js";
