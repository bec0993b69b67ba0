export * from "./facts.js";
export { type HostRoots, readHostFacts } from "./read.js";
