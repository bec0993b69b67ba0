export { BHYVE, BHYVECTL, bhyveArgv, destroyArgv, type GuestMeans } from "./bhyve.js";
export { bridgeOf } from "./devices.js";
export { type FirmwareFolder, withFirmware } from "./firmware.js";
export { BHYVELOAD, type LoaderPlan, loaderPlan } from "./loader.js";
