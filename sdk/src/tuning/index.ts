export { limitBlockDevice, readBlockWeight, setBlockWeight } from "./block-limits.js";
export { blockParameterHandlers } from "./block-parameters.js";
export { cpuStatsHandlers } from "./cpu-stats.js";
export {
  readBandwidth,
  readMemory,
  readShares,
  setBandwidth,
  setMemory,
  setShares,
} from "./limits.js";
export { memoryParameterHandlers } from "./memory-parameters.js";
export { NO_CPUTUNE, type SchedulerPart, schedulerHandlers } from "./scheduler-parameters.js";
export { groupWith, type Tuned, type TunedGuest, type TuningCall, type TuningChange, tuningError } from "./tuned.js";
