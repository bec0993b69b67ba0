import { readdir } from "node:fs/promises";
import type { HostNode } from "@polyvisor/sdk/conf";
import { type Capabilities, formatCapabilities, type GuestCapability } from "@polyvisor/sdk/conf/capabilities";
import type { Cell } from "./node-facts.js";

export const EMULATOR = "/usr/bin/test-hv";

const CPUS_PER_CELL = 8;
const HUGE_PAGES = [2048, 1048576];
/** The sizes of the ordinary pages that there are. */
const PAGES = [4, 8];

/** The capabilities document. Only what it says of an IOMMU is looked up on this machine. */
export async function capabilities(cells: readonly Cell[]): Promise<string> {
  const made: Capabilities = {
    host: {
      arch: "i686",
      features: ["pae", "nonpae"],
      pageSizes: [...PAGES, ...HUGE_PAGES],
      powerManagement: [],
      iommu: await hasIommu(),
      topology: cells.map(nodeOf),
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
    emulator: EMULATOR,
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
