import { totalmem } from "node:os";
import test from "ava";
import { freeMemory, type HostCell, readHostUuid, readNodeInfo, readTopology, shapeOf } from "./index.js";

/** A host of `nodes` x `sockets` x `cores` x `threads`. */
function host(nodes: number, sockets: number, cores: number, threads: number): HostCell[] {
  return Array.from({ length: nodes }, (_, node) => ({
    id: node,
    memory: 0,
    pages: [],
    distances: [],
    cpus: Array.from({ length: sockets * cores * threads }, (_, at) => {
      const id = node * sockets * cores * threads + at;
      const core = Math.floor(id / threads);
      const siblings = Array.from({ length: threads }, (_, thread) => core * threads + thread);
      return { id, socket: Math.floor(core / cores), die: 0, core: core % cores, siblings };
    }),
  }));
}

test("the shape of a host multiplies to its CPUs", (t) => {
  t.deepEqual(shapeOf(host(1, 1, 2, 1)), { cpus: 2, nodes: 1, sockets: 1, cores: 2, threads: 1 });
  t.deepEqual(shapeOf(host(2, 2, 4, 2)), { cpus: 32, nodes: 2, sockets: 2, cores: 4, threads: 2 });
  const [first, second] = host(2, 1, 4, 1);
  const uneven = [first, { ...(second as HostCell), cpus: (second as HostCell).cpus.slice(0, 2) }] as HostCell[];
  t.deepEqual(shapeOf(uneven), { cpus: 6, nodes: 1, sockets: 1, cores: 6, threads: 1 });
});

test("this host is as the kernel tells", async (t) => {
  const info = await readNodeInfo("x86_64");
  t.is(info.nodes * info.sockets * info.cores * info.threads, info.cpus);
  t.is(info.memory, Math.floor(totalmem() / 1024));
  const cells = await readTopology();
  t.is(cells.flatMap((cell) => cell.cpus).length, info.cpus);
  const free = await freeMemory();
  t.true(free > 0 && free <= totalmem());
  const uuid = await readHostUuid();
  t.true(uuid === undefined || /^[0-9a-f-]{36}$/.test(uuid));
});
