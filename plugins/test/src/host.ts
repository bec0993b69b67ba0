import { hostname } from "node:os";
import type { ConnectHandlers } from "@polyvisor/core";
import { capabilities, FREE_MEMORY } from "./capabilities.js";
import { checkFlags } from "./errors.js";

/** The most virtual CPUs that one domain may have. */
export const MAX_VCPUS = 32;

/** The made-up host: memory in KiB, clock in MHz, sockets per node, cores per socket, threads per core. */
const NODE_INFO = { model: "i686", memory: 3145728, cpus: 16, mhz: 1400, nodes: 2, sockets: 2, cores: 2, threads: 2 };
export const HOST_CPUS = NODE_INFO.nodes * NODE_INFO.sockets * NODE_INFO.cores * NODE_INFO.threads;

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
export function hostHandlers(): ConnectHandlers {
  return {
    connectGetType: () => "TEST",
    connectGetVersion: () => VERSION,
    connectGetMaxVcpus: () => MAX_VCPUS,
    connectGetHostname: () => hostname(),
    connectGetCapabilities: () => capabilities(),
    nodeGetInfo: () => NODE_INFO,
    nodeGetFreeMemory: () => FREE_MEMORY,
    connectGetSysinfo({ flags }) {
      checkFlags(flags, 0, "testConnectGetSysinfo");
      return SYSINFO;
    },
  };
}
