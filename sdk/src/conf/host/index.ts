export { hostArch } from "../domain/host-arch.js";
export type { CacheControl, CacheType, HostCache, HostMonitor, HostResctrl } from "./caches.js";
export * from "./facts.js";
export { cpuSignature, type HostCpuTimes, parseCpuTimes } from "./parse.js";
export { type HostRoots, type HostShape, readHostFacts, readHostShape } from "./read.js";
