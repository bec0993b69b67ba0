export { limitBlockDevice, readBlockWeight, setBlockWeight } from "./block-limits.js";
export { blockParameterHandlers } from "./block-parameters.js";
export {
  readBandwidth,
  readMemory,
  readShares,
  setBandwidth,
  setMemory,
  setShares,
} from "./limits.js";
export { memoryParameterHandlers } from "./memory-parameters.js";
export { type Tuned, type TuningCall, type TuningChange, tuningError } from "./tuned.js";
