export { Confinement } from "./confinement.js";
export { type QemuConfig, settingsOf } from "./settings.js";
