export type { NativeContext } from "./blank.js";
export { convertFromNative, convertToNative } from "./convert.js";
export { formatXlDisk, formatXlNic, formatXlPci, type NicUse, toXlCreate } from "./create/index.js";
export { type LibxlFacts, toLibxlJson } from "./libxl/index.js";
export type { NetworkFacts } from "./vifs.js";
export { formatXl, parseXl } from "./xl.js";
export { formatXm, parseXm } from "./xm.js";
