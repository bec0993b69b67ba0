import { attr, type XmlWriter } from "../../../xml/index.js";
import { formatInterconnects, formatNumaCaches, formatNumaDistances } from "../../numa.js";
import { formatNumberSet } from "../../number-set.js";
import type { Cpu, CpuNuma } from "../model/index.js";

export function formatCpu(w: XmlWriter, cpu: Cpu): void {
  const mode = cpu.mode ?? "custom";
  const named = mode !== "custom" || cpu.model !== undefined;
  const attributes = named
    ? attr("mode", mode) +
      (mode === "custom" ? attr("match", cpu.match ?? "exact") : "") +
      attr("check", cpu.check) +
      (hidesModel(cpu) ? attr("migratable", cpu.migratable) : "")
    : "";
  w.element("cpu", attributes, () => formatCpuBody(w, cpu));
}

/** What stands inside of `<cpu>`, and of a mode that names a CPU in domain capabilities. */
export function formatCpuBody(w: XmlWriter, cpu: Cpu): void {
  if (!hidesModel(cpu)) formatModel(w, cpu);
  const { topology, cache, maxphysaddr } = cpu;
  if (topology !== undefined) {
    const { sockets, dies, cores, threads } = topology;
    w.empty("topology", ` sockets='${sockets}' dies='${dies}' cores='${cores}' threads='${threads}'`);
  }
  if (cache !== undefined) w.empty("cache", attr("level", cache.level) + attr("mode", cache.mode));
  if (maxphysaddr !== undefined)
    w.empty("maxphysaddr", attr("mode", maxphysaddr.mode) + attr("bits", maxphysaddr.bits));
  for (const { name, policy } of cpu.features)
    w.empty("feature", attr("policy", policy ?? "require") + attr("name", name));
  if (cpu.numa !== undefined) formatNuma(w, cpu.numa);
}

/** The guest sees the host's own CPU. */
function hidesModel({ mode }: Cpu): boolean {
  return mode === "host-passthrough" || mode === "maximum";
}

function formatModel(w: XmlWriter, cpu: Cpu): void {
  const vendorId = attr("vendor_id", cpu.vendorId);
  if (cpu.model !== undefined) w.leaf("model", cpu.model, attr("fallback", cpu.fallback ?? "allow") + vendorId);
  else w.emptyIfAttributes("model", vendorId);
  w.leaf("vendor", cpu.vendor);
}

function formatNuma(w: XmlWriter, numa: CpuNuma): void {
  w.block("numa", "", () => {
    for (const cell of numa.cells) {
      const attributes =
        attr("id", cell.id) +
        (cell.cpus === undefined ? "" : attr("cpus", formatNumberSet(cell.cpus))) +
        attr("memory", cell.memory) +
        attr("unit", "KiB") +
        attr("memAccess", cell.memAccess) +
        attr("discard", cell.discard);
      w.element("cell", attributes, () => {
        formatNumaDistances(w, cell.distances ?? []);
        formatNumaCaches(w, cell.caches ?? []);
      });
    }
    formatInterconnects(w, numa.interconnects ?? []);
  });
}
