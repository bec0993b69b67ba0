export { chooseFirmware } from "./choose.js";
export { type Firmware, type FirmwareMapping, parseFirmware } from "./descriptor.js";
