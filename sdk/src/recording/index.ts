export { type Plain, parseRecording, type RecordedLine, type Recording, type RecordingHead } from "./lines.js";
export { Recorder, type RecorderOptions } from "./recorder.js";
export { type Difference, type ReplayOptions, type ReplayReport, replay } from "./replay.js";
