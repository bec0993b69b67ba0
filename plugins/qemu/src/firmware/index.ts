export { chooseFirmware, matchesTarget } from "./choose.js";
export { type Firmware, type FirmwareMapping, parseFirmware } from "./descriptor.js";
export { DEFAULT_LOADERS, findFirmwares } from "./find.js";
