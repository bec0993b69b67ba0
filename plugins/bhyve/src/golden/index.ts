import { domainRoundTrip, type GoldenRun, type GoldenSuites } from "@polyvisor/sdk/golden";
import { bhyveHooks } from "../conf/index.js";
import { bhyvexml2argv } from "./argv.js";
import { domaincaps } from "./domaincaps.js";
import { bhyveargv2xml } from "./native.js";
import { CAPABILITIES, featuresOf, newMac } from "./rows.js";

const bhyvexml2xml = (): GoldenRun => (row, files) =>
  domainRoundTrip({ hooks: bhyveHooks(CAPABILITIES, featuresOf(row).bhyve), newMac })(row, files);

const suites: GoldenSuites = { bhyvexml2argv, bhyveargv2xml, bhyvexml2xml, domaincaps };
export default suites;
