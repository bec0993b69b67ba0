export { type AvaContext, type AvaOptions, type AvaTest, registerKit } from "./ava.js";
export { type Case, type Kit, missing, type Profile } from "./case.js";
export { brief, Check, Deviation, LeftOut } from "./check.js";
export { checkKnown, explained, type Known, readKnown } from "./known.js";
export { type CaseOutcome, type CaseResult, type Report, toMarkdown } from "./report.js";
export { NAME_PREFIX, type RunOptions, runCase, runKit } from "./run.js";
