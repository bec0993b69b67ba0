export { alignMemory } from "./align-memory.js";
export { buildCommandLine, type CommandLine } from "./build.js";
export { firstHostdevNumber, lastImage, numberDisk, numberImages } from "./node-names.js";
export type { MemoryPaths, Runtime } from "./runtime.js";
export type { Secrets, TlsSettings } from "./secrets.js";
export { type FoundVolume, sourceOfVolume, volumeKey } from "./volumes.js";
