export { formatStoragePoolCapabilities } from "./capabilities.js";
export { formatStorageVolume } from "./format.js";
export { type StorageVolumeFormat, type VolumeFormats, volumeFormatsOf } from "./formats.js";
export * from "./model.js";
export { parseStorageVolume, readStorageVolume, type StorageVolumeParseOptions } from "./parse.js";
