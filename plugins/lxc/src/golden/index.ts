import type { HostFacts } from "@polyvisor/sdk/conf";
import { formatDomain } from "@polyvisor/sdk/conf/domain";
import { domainRoundTrip, expectMode, expectUnwrapped, type GoldenRun, type GoldenSuites } from "@polyvisor/sdk/golden";
import { lxcCapabilities, lxcHooks } from "../conf/index.js";
import { domainFromLxcConf } from "../native/index.js";

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

/** Reads a configuration of the LXC tools; the UUID, which is new each time, is the row's. */
const lxcconf2xml: GoldenRun = async (row, files) => {
  const printed = await expectMode(row, () => {
    const domain = domainFromLxcConf(files.text(row.input), HOOKS);
    return formatDomain({ ...domain, uuid: String(row.uuid) });
  });
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

const suites: GoldenSuites = {
  lxcxml2xml: () => domainRoundTrip({ hooks: HOOKS }),
  lxcconf2xml: () => lxcconf2xml,
};
export default suites;
