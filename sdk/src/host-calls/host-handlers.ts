import { readdir, readFile } from "node:fs/promises";
import { type ConnectHandlers, checkFlags, type HostHandlers, VirtError } from "@polyvisor/core";
import { nodeInfo, readHostShape } from "../conf/host/index.js";
import { freeMemory } from "../host/index.js";
import { parseCpuList } from "../process/procfs.js";
import { hostMemoryHandlers } from "./memory-handlers.js";
import { cpuFigures, memoryFigures } from "./statistics.js";

/** What `nodeGetCPUStats` and `nodeGetMemoryStats` call all of the host. */
const ALL = -1;
const NODES = "/sys/devices/system/node";
const CPUS = "/sys/devices/system/cpu";

/** Calls about a Linux host, for the driver of any hypervisor on it. `caller`: what begins the names in errors, such as `lxc`. */
export function hostHandlers(caller: string): HostHandlers & ConnectHandlers {
  return {
    ...hostMemoryHandlers(caller),
    nodeGetInfo: () => nodeInfo(readHostShape()),
    nodeGetFreeMemory: () => freeMemory(),
    async nodeGetCPUMap({ needMap, needOnline, flags }) {
      checkFlags(flags, 0, `${caller}NodeGetCPUMap`, "DOM");
      const [present, online] = await Promise.all(["present", "online"].map((file) => cpus(file)));
      const count = Math.max(0, ...(present ?? [])) + 1;
      const cpumap = new Uint8Array(needMap ? Math.ceil(count / 8) : 0);
      for (const cpu of online ?? []) if (needMap) cpumap[cpu >> 3] = (cpumap[cpu >> 3] ?? 0) | (1 << (cpu & 7));
      return { cpumap, online: needOnline ? (online?.length ?? 0) : 0, ret: count };
    },
    async nodeGetCPUStats({ cpuNum, flags }) {
      checkFlags(flags, 0, `${caller}NodeGetCPUStats`, "DOM");
      const figures = cpuFigures(await readFile("/proc/stat", "utf8"), cpuNum === ALL ? undefined : cpuNum);
      if (figures !== undefined) return figures;
      throw new VirtError("INVALID_ARG", `Invalid cpuNum in virHostCPUGetStatsLinux`, { hint: "-1 is all of them" });
    },
    async nodeGetMemoryStats({ cellNum, flags }) {
      checkFlags(flags, 0, `${caller}NodeGetMemoryStats`, "DOM");
      const path = cellNum === ALL ? "/proc/meminfo" : `${NODES}/node${cellNum}/meminfo`;
      const text = await readFile(path, "utf8").catch(() => undefined);
      if (text !== undefined) return memoryFigures(text);
      throw new VirtError("INVALID_ARG", "cellNum in virHostMemGetStats must be less than or equal to the last node", {
        hint: "-1 is all of them",
      });
    },
    async nodeGetCellsFreeMemory({ startCell, maxcells }) {
      const cells = await nodes();
      const last = cells.at(-1) ?? 0;
      if (startCell < 0 || startCell > last) {
        throw new VirtError("INTERNAL_ERROR", `start cell ${startCell} out of range (0-${last})`, {
          hint: "`virsh capabilities` lists them",
        });
      }
      const wanted = cells.filter((cell) => cell >= startCell).slice(0, maxcells);
      return Promise.all(wanted.map(freeOfNode));
    },
  };
}

async function cpus(file: string): Promise<number[]> {
  return parseCpuList((await readFile(`${CPUS}/${file}`, "utf8")).trim());
}

/** A host without NUMA is one node. */
async function nodes(): Promise<number[]> {
  const names = await readdir(NODES).catch(() => []);
  const found = names.flatMap((name) => /^node(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return found.length === 0 ? [0] : found.sort((a, b) => a - b);
}

async function freeOfNode(node: number): Promise<bigint> {
  const text = await readFile(`${NODES}/node${node}/meminfo`, "utf8").catch(() => readFile("/proc/meminfo", "utf8"));
  return (memoryFigures(text).find(({ field }) => field === "free")?.value ?? 0n) * 1024n;
}
