export type { NativeContext } from "./context.js";
export { convertFromNative, convertToNative } from "./convert.js";
export { formatXlDisk, formatXlNic, type NicUse, toXlCreate } from "./create/index.js";
export { type LibxlFacts, parseLibxlJson, toLibxlJson } from "./libxl/index.js";
export { formatPci as formatXlPci } from "./pci.js";
export type { NetworkFacts } from "./vifs.js";
export { formatXl, parseXl } from "./xl.js";
export { formatXm, parseXm } from "./xm.js";
