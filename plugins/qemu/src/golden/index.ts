import type { GoldenSuites } from "@polyvisor/sdk/golden";
import { qemuxml2argv } from "./argv.js";
import { cputest } from "./cputest.js";
import { domaincaps } from "./domaincaps.js";
import { qemuhotplug } from "./hotplug.js";
import { qemuxml2xml } from "./xml2xml.js";

/** The suites of libvirt's test data that are about QEMU. */
const suites: GoldenSuites = { cputest, domaincaps, qemuxml2xml, qemuxml2argv, qemuhotplug };
export default suites;
