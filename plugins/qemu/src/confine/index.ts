export { Confinement, type GuestGroups } from "./confinement.js";
export { type QemuConfig, settingsOf } from "./settings.js";
export { emulatorPart, iothreadPart, NO_CPUTUNE, onlineCpus, placeThread, vcpuPart } from "./threads.js";
