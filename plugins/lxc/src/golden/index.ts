import type { HostFacts } from "@polyvisor/sdk/conf";
import { domainRoundTrip, type GoldenSuites } from "@polyvisor/sdk/golden";
import { lxcCapabilities, lxcHooks } from "../conf/index.js";

const FACTS: HostFacts = {
  arch: "x86_64",
  mhz: 0,
  memory: 0,
  nodes: [],
  interconnects: [],
  caches: [],
  pageSizes: [],
  iommu: false,
};

/** The made-up host of the data. */
const HOOKS = lxcHooks(lxcCapabilities({ facts: FACTS, emulator: "/usr/libexec/libvirt_lxc" }));

const suites: GoldenSuites = { lxcxml2xml: () => domainRoundTrip({ hooks: HOOKS }) };
export default suites;
