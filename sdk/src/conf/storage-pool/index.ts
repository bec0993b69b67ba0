export { shareStorage } from "./conflict.js";
export { formatStoragePool, formatStoragePoolSources } from "./format.js";
export * from "./model.js";
export {
  parseStoragePool,
  parseStoragePoolSource,
  readStoragePool,
  type StoragePoolParseOptions,
} from "./parse.js";
export type { WrittenPoolSource } from "./source.js";
export * from "./types.js";
export { validateStoragePool } from "./validate.js";
