import { hostname } from "node:os";
import type { ConnectHandlers } from "@polyvisor/core";
import { capabilities } from "./capabilities.js";
import { checkFlags } from "./errors.js";
import type { NodeFacts } from "./node-facts.js";

/** The most virtual CPUs that one domain may have. */
export const MAX_VCPUS = 32;

/** Packed as 1 000 000 * major + 1 000 * minor + release. */
const VERSION = 2;

const SYSINFO = `<sysinfo type='smbios'>
  <bios>
    <entry name='vendor'>LENOVO</entry>
    <entry name='version'>G4ETA1WW (2.61 )</entry>
    <entry name='date'>05/07/2014</entry>
    <entry name='release'>2.61</entry>
  </bios>
</sysinfo>
`;

/** The host, which is made up except for its name. */
export function hostHandlers({ info, cells }: NodeFacts): ConnectHandlers {
  return {
    connectGetType: () => "TEST",
    connectGetVersion: () => VERSION,
    connectGetMaxVcpus: () => MAX_VCPUS,
    connectGetHostname: () => hostname(),
    connectGetCapabilities: () => capabilities(cells),
    nodeGetInfo: () => info,
    // libvirt's test driver adds up KiB and calls the sum bytes; clients that know it expect this number
    nodeGetFreeMemory: () => cells.reduce((sum, { freeMemory }) => sum + freeMemory, 0),
    connectGetSysinfo({ flags }) {
      checkFlags(flags, 0, "testConnectGetSysinfo");
      return SYSINFO;
    },
  };
}
