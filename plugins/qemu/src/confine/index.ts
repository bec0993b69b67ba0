export { Confinement, type GuestGroups } from "./confinement.js";
export { type QemuConfig, settingsOf } from "./settings.js";
