export * from "./capabilities.js";
export { findGuest, type GuestMatch, type GuestWish, requireGuest } from "./capabilities-lookup.js";
export * from "./config-file.js";
export { type ConfigRange, type ConfigReader, configReader } from "./config-file-values.js";
export * from "./domain/index.js";
export * from "./host/index.js";
export { formatNumberSet, parseNumberSet } from "./number-set.js";
export * from "./sysinfo/index.js";
