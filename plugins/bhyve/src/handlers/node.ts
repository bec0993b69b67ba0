import { checkFlags, type HypervisorHandlers } from "@polyvisor/core";
import { nodeInfo } from "@polyvisor/sdk/conf/host";
import { formatSysinfo } from "@polyvisor/sdk/conf/sysinfo";
import { bhyveError } from "../errors.js";
import type { NodeFigures } from "../host/host.js";

/** Stand for all processors, and for all of the memory. */
const ALL = -1;

/** The host and its figures. */
export function nodeHandlers(node: NodeFigures): HypervisorHandlers {
  return {
    nodeGetInfo: async () => nodeInfo(await node.shape()),
    nodeGetFreeMemory: async () => (await node.memory()).free * 1024,
    async nodeGetCPUMap({ needMap, needOnline, flags }) {
      checkFlags(flags, 0, "nodeGetCPUMap", "BHYVE");
      const { cpus } = nodeInfo(await node.shape());
      return { cpumap: needMap ? allOf(cpus) : new Uint8Array(), online: needOnline ? cpus : 0, ret: cpus };
    },
    async nodeGetCPUStats({ cpuNum, flags }) {
      checkFlags(flags, 0, "nodeGetCPUStats", "BHYVE");
      const times = await node.cpuTimes(cpuNum === ALL ? undefined : cpuNum);
      if (times === undefined || cpuNum < ALL) {
        throw bhyveError("INVALID_ARG", `Invalid cpuNum in nodeGetCPUStats: ${cpuNum}`, "-1 asks for all processors");
      }
      return [
        { field: "kernel", value: times.kernel },
        { field: "user", value: times.user },
        { field: "idle", value: times.idle },
        { field: "intr", value: times.interrupts },
      ];
    },
    async nodeGetMemoryStats({ cellNum, flags }) {
      checkFlags(flags, 0, "nodeGetMemoryStats", "BHYVE");
      if (cellNum !== ALL && cellNum !== 0)
        throw bhyveError("INVALID_ARG", `cellNum in nodeGetMemoryStats must be less than or equal to 0`, "or -1");
      const { total, free, cached, buffers } = await node.memory();
      return [
        { field: "total", value: BigInt(total) },
        { field: "free", value: BigInt(free) },
        { field: "cached", value: BigInt(cached) },
        { field: "buffers", value: BigInt(buffers) },
      ];
    },
    async connectGetSysinfo({ flags }) {
      checkFlags(flags, 0, "connectGetSysinfo", "BHYVE");
      const tables = await node.smbios();
      if (tables !== undefined) return formatSysinfo(tables);
      throw bhyveError(
        "CONFIG_UNSUPPORTED",
        "Host SMBIOS information is not available",
        "this machine's firmware tells nothing",
      );
    },
  };
}

function allOf(count: number): Uint8Array {
  const map = new Uint8Array(Math.ceil(count / 8));
  for (let cpu = 0; cpu < count; cpu++) map[cpu >> 3] = (map[cpu >> 3] ?? 0) | (1 << (cpu & 7));
  return map;
}
