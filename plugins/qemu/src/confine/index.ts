export {
  BLOCK_LIMITS,
  type BlockLimit,
  limitBlockDevice,
  readBlockWeight,
  setBlockWeight,
} from "./block-limits.js";
export { Confinement, type GuestGroups } from "./confinement.js";
export { type QemuConfig, settingsOf } from "./settings.js";
export { emulatorPart, iothreadPart, NO_CPUTUNE, onlineCpus, placeThread, vcpuPart } from "./threads.js";
export {
  MEMORY_LIMITS,
  type MemoryLimit,
  readBandwidth,
  readMemory,
  readShares,
  setBandwidth,
  setMemory,
  setShares,
} from "./tuning.js";
