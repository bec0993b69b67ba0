import type { GoldenSuites } from "../case.js";
import { domainSuites } from "./domain.js";

/** The suites of what all drivers share. */
export const sdkSuites: GoldenSuites = { ...domainSuites };
