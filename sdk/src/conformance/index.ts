export * from "./contracts/index.js";
export * from "./hypervisor/index.js";
export { CONNECTION_KITS, type JudgeOptions, judge } from "./judge.js";
export * from "./kit/index.js";
export { type ConformanceOptions, conformance, ofPlugin } from "./library.js";
