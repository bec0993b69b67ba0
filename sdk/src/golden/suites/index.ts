import type { GoldenSuites } from "../case.js";
import { domainSuites } from "./domain.js";
import { hostSuites } from "./host.js";
import { sysinfoSuites } from "./sysinfo.js";

/** The suites of what all drivers share. */
export const sdkSuites: GoldenSuites = { ...domainSuites, ...hostSuites, ...sysinfoSuites };
