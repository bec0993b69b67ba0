export type { NativeContext } from "./blank.js";
export { convertFromNative, convertToNative } from "./convert.js";
export type { NetworkFacts } from "./vifs.js";
export { formatXl, parseXl } from "./xl.js";
export { formatXm, parseXm } from "./xm.js";
