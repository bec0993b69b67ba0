export { Confinement, type GuestGroups } from "./confinement.js";
export { type QemuConfig, settingsOf } from "./settings.js";
export { emulatorPart, iothreadPart, placeThread, vcpuPart } from "./threads.js";
