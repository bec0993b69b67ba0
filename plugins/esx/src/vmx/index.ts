export { vmwareCapabilities } from "./capabilities.js";
export type { VmxReading, VmxWriting } from "./context.js";
export { escapePercent, unescapePercent } from "./escape.js";
export { formatVmx } from "./format.js";
export { vmwareHooks } from "./hooks.js";
export { parseVmx } from "./parse.js";
