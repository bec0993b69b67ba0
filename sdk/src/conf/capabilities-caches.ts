import { attr, type XmlWriter } from "../xml/index.js";
import { prettySize } from "./domain/format/context.js";
import type { CacheControl, HostCache, HostMonitor, HostResctrl } from "./host/caches.js";
import { formatNumberSet } from "./number-set.js";

export function formatCaches(
  w: XmlWriter,
  caches: readonly HostCache[],
  monitor: NonNullable<HostResctrl["cacheMonitor"]> | undefined,
): void {
  if (caches.length === 0 && monitor === undefined) return;
  w.block("cache", "", () => {
    for (const cache of caches) {
      const { size, unit } = prettySize(cache.size);
      const which = attr("id", cache.id) + attr("level", cache.level) + attr("type", cache.type);
      const much = attr("size", size) + attr("unit", unit) + attr("cpus", formatNumberSet(cache.cpus));
      w.element("bank", which + much, () => {
        for (const control of cache.controls ?? []) w.empty("control", controlAttributes(control));
      });
    }
    if (monitor !== undefined) {
      formatMonitor(w, attr("level", monitor.level) + attr("reuseThreshold", monitor.reuseThreshold), monitor);
    }
  });
}

/** Both sizes have one unit: the smaller of the two that each would have alone. */
function controlAttributes({ type, granularity, min, maxAllocations }: CacheControl): string {
  const alone = [prettySize(granularity), ...(min === undefined ? [] : [prettySize(min)])];
  const scales = alone.map(({ size }, at) => (at === 0 ? granularity : (min ?? 0)) / size);
  const scale = Math.min(...scales);
  const unit = alone[scales.indexOf(scale)]?.unit;
  return (
    attr("granularity", granularity / scale) +
    (min === undefined ? "" : attr("min", min / scale)) +
    attr("unit", unit) +
    attr("type", type) +
    attr("maxAllocs", maxAllocations)
  );
}

function formatMonitor(w: XmlWriter, attributes: string, monitor: HostMonitor): void {
  w.block("monitor", attributes + attr("maxMonitors", monitor.maxMonitors), () => {
    for (const name of monitor.features) w.empty("feature", attr("name", name));
  });
}

export function formatMemoryBandwidth(w: XmlWriter, { nodes, monitor }: HostResctrl["memoryBandwidth"]): void {
  if (nodes.length === 0 && monitor === undefined) return;
  w.block("memory_bandwidth", "", () => {
    for (const { id, cpus, granularity, min, maxAllocations } of nodes) {
      w.block("node", attr("id", id) + attr("cpus", formatNumberSet(cpus)), () => {
        w.empty("control", attr("granularity", granularity) + attr("min", min) + attr("maxAllocs", maxAllocations));
      });
    }
    if (monitor !== undefined) formatMonitor(w, "", monitor);
  });
}
