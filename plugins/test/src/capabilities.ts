import { readdir } from "node:fs/promises";
import type { HostNode } from "@polyvisor/sdk/conf";
import { type Capabilities, formatCapabilities, type GuestCapability } from "@polyvisor/sdk/conf/capabilities";

/** A NUMA node of the made-up host. All sizes are in KiB. */
interface Cell {
  readonly id: number;
  readonly memory: number;
  readonly freeMemory: number;
  /** The size of its ordinary pages. */
  readonly pageSize: number;
}

const CPUS_PER_CELL = 8;
const HUGE_PAGES = [2048, 1048576];
const CELLS: readonly Cell[] = [
  { id: 0, memory: 2097152, freeMemory: 1048576, pageSize: 4 },
  { id: 1, memory: 4194304, freeMemory: 2097152, pageSize: 8 },
];

/** libvirt's test driver adds up KiB and calls the sum bytes; clients that know it expect this number. */
export const FREE_MEMORY = CELLS.reduce((sum, cell) => sum + cell.freeMemory, 0);

/** All the memory of each cell, in KiB. */
export const CELL_SIZES: readonly number[] = CELLS.map(({ memory }) => memory);

/** The capabilities document. Only what it says of an IOMMU is looked up on this machine. */
export async function capabilities(): Promise<string> {
  const made: Capabilities = {
    host: {
      arch: "i686",
      features: ["pae", "nonpae"],
      pageSizes: [...CELLS.map(({ pageSize }) => pageSize), ...HUGE_PAGES],
      powerManagement: [],
      iommu: await hasIommu(),
      topology: CELLS.map(nodeOf),
      securityModels: [{ model: "testSecurity", doi: "", baselabels: [] }],
    },
    guests: ["hvm", "xen"].map(guestOf),
  };
  return formatCapabilities(made);
}

function nodeOf({ id, memory, pageSize }: Cell): HostNode {
  return {
    id,
    memory,
    pages: [{ size: pageSize, count: memory / pageSize }, ...HUGE_PAGES.map((size) => ({ size, count: 0 }))],
    distances: [],
    cpus: Array.from({ length: CPUS_PER_CELL }, (_, core) => {
      const cpu = id * CPUS_PER_CELL + core;
      return { id: cpu, place: { socket: id, die: 0, core, siblings: [cpu] } };
    }),
  };
}

function guestOf(osType: string): GuestCapability {
  return {
    osType,
    arch: "i686",
    wordsize: 32,
    emulator: "/usr/bin/test-hv",
    domains: [{ type: "test" }],
    features: [{ name: "pae" }, { name: "nonpae" }],
  };
}

async function hasIommu(): Promise<boolean> {
  try {
    return (await readdir("/sys/kernel/iommu_groups")).length > 0;
  } catch {
    return false;
  }
}
