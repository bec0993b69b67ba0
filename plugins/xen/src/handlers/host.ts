import type { ConnectHandlers, HostHandlers } from "@polyvisor/core";
import { formatCapabilities } from "@polyvisor/sdk/conf/capabilities";
import { checkFlags, xenError } from "../errors.js";
import { hostCapabilities } from "../host.js";
import type { XenHypervisor } from "../hypervisor.js";

/** The host, as Xen tells of it: dom0 sees a part of it only. */
export function hostHandlers(hypervisor: XenHypervisor): ConnectHandlers & HostHandlers {
  const info = () => hypervisor.session.info;
  return {
    connectGetVersion: () => info().version,
    connectGetHostname: () => info().hostname,
    connectGetMaxVcpus: () => info().cpus,
    connectGetCapabilities: () => formatCapabilities(hostCapabilities(info())),
    connectGetSysinfo({ flags }) {
      checkFlags(flags, 0, "libxlConnectGetSysinfo");
      throw xenError("CONFIG_UNSUPPORTED", "Host SMBIOS information is not available");
    },
    nodeGetInfo() {
      const { machine, memory, cpus, mhz, nodes, coresPerSocket, threadsPerCore } = info();
      const perNode = Math.max(1, Math.floor(cpus / Math.max(1, nodes * coresPerSocket * threadsPerCore)));
      const shape = { nodes, sockets: perNode, cores: coresPerSocket, threads: threadsPerCore };
      return { model: machine, memory, cpus, mhz, ...shape };
    },
    nodeGetFreeMemory: async () => (await hypervisor.xl.info()).freeMemory * 1024,
    async nodeGetCellsFreeMemory({ startCell, maxcells }) {
      const { numa } = await hypervisor.xl.info();
      if (startCell < 0 || startCell >= numa.length)
        throw xenError("INTERNAL_ERROR", `start cell ${startCell} out of range (0-${numa.length - 1})`);
      return numa.slice(startCell, startCell + Math.max(0, maxcells)).map(({ free }) => free * 1024);
    },
    async nodeGetMemoryStats({ flags }) {
      checkFlags(flags, 0, "libxlNodeGetMemoryStats");
      const { memory, freeMemory } = await hypervisor.xl.info();
      return [
        { field: "total", value: memory },
        { field: "free", value: freeMemory },
      ];
    },
    nodeGetCPUMap({ flags }) {
      checkFlags(flags, 0, "libxlNodeGetCPUMap");
      const { cpus } = info();
      const cpumap = Buffer.alloc(Math.ceil(cpus / 8));
      for (let cpu = 0; cpu < cpus; cpu++) cpumap[cpu >> 3] = (cpumap[cpu >> 3] ?? 0) | (1 << (cpu & 7));
      return { cpumap, online: cpus, ret: cpus };
    },
    nodeGetSecurityModel: () => ({ model: "", doi: "" }),
  };
}
