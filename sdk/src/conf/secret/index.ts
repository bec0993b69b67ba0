export { formatSecret } from "./format.js";
export type { Secret, SecretUsage } from "./model.js";
export { parseSecret, readSecret, type SecretParseOptions } from "./parse.js";
