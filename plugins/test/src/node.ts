import type { HostHandlers } from "@polyvisor/core";
import { checkFlags, testError } from "./errors.js";
import type { NodeFacts } from "./node-facts.js";

/** In nanoseconds; they stand still. */
const CPU_TIMES = [
  { field: "user", value: 9797400000n },
  { field: "kernel", value: 34678723400000n },
  { field: "idle", value: 87264900000n },
  { field: "iowait", value: 763600000n },
];

/** Figures about the made-up host. */
export function nodeHandlers({ cells }: NodeFacts): HostHandlers {
  return {
    nodeGetCellsFreeMemory({ startCell, maxcells }) {
      if (startCell >= cells.length) {
        throw testError("INVALID_ARG", "Range exceeds available cells", `there are ${cells.length}`);
      }
      // all of a cell's memory, as libvirt's test driver has it
      return cells.slice(startCell, startCell + maxcells).map(({ memory }) => memory);
    },
    nodeGetSecurityModel: () => ({ model: "testSecurity", doi: "" }),
    nodeGetCPUStats({ flags }) {
      checkFlags(flags, 0, "testNodeGetCPUStats");
      return CPU_TIMES;
    },
    nodeGetCPUMap({ needMap, needOnline, flags }) {
      checkFlags(flags, 0, "testNodeGetCPUMap");
      return { cpumap: needMap ? Uint8Array.of(0x15) : new Uint8Array(), online: needOnline ? 3 : 0, ret: 8 };
    },
    nodeGetFreePages({ pages, cellCount, flags }) {
      checkFlags(flags, 0, "testNodeGetFreePages");
      let count = 6;
      return Array.from({ length: pages.length * cellCount }, () => {
        count = (count * 2 + 7) | 0;
        return BigInt.asUintN(64, BigInt(count));
      });
    },
  };
}
