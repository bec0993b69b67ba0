export { buildCommandLine, type CommandLine } from "./build.js";
export type { Runtime } from "./runtime.js";
