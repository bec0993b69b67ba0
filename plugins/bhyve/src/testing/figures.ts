import type { NodeFigures } from "../host/host.js";

const MEMORY = 8 * 1024 * 1024;

/** A host that does not change. */
export const FIGURES: NodeFigures = {
  async shape() {
    const cpu = (id: number) => ({ id, place: { socket: 0, die: 0, core: id, siblings: [id] } });
    const nodes = [{ id: 0, memory: MEMORY, pages: [], distances: [], cpus: [0, 1, 2, 3].map(cpu) }];
    return { arch: "x86_64", mhz: 2400, memory: MEMORY, nodes };
  },
  memory: async () => ({ total: MEMORY, free: 1024, cached: 0, buffers: 64 }),
  async cpuTimes(cpu) {
    if (cpu !== undefined && (cpu < 0 || cpu > 3)) return undefined;
    return { kernel: 1n, user: 2n, idle: 3n, interrupts: 4n };
  },
  async smbios() {
    return { type: "smbios", system: [{ name: "manufacturer", value: "Nobody" }], baseBoards: [] };
  },
};
