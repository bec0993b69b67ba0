export { alignCheckpointDisks, redefineCheckpoint } from "./align.js";
export { type CheckpointFormatOptions, formatCheckpoint } from "./format.js";
export type { Checkpoint, CheckpointDisk } from "./model.js";
export { type CheckpointParseOptions, parseCheckpoint } from "./parse.js";
