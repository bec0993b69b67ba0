export { type GoldenCase, GoldenFiles, type GoldenRun, type GoldenSuites } from "./case.js";
export { expectExact, expectLiteral, expectMode, expectUnwrapped, GoldenDifference } from "./compare.js";
export { domainRoundTrip } from "./domain-round-trip.js";
export { joinSuites, OtherDriversRow } from "./join.js";
export { describeFailure, type Failure, runGolden, type SuiteResult } from "./run.js";
export { shellText } from "./shell-text.js";
export { sdkSuites } from "./suites/index.js";
