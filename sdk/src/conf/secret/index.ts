export { formatSecret } from "./format.js";
export type { Secret, SecretUsage } from "./model.js";
export { parseSecret, type SecretParseOptions } from "./parse.js";
