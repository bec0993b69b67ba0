import { attr, attrNonzero, type XmlWriter } from "../xml/index.js";
import type { NumaCache, NumaDistance, NumaInterconnect } from "./domain/model/index.js";

// what guests and hosts print alike of their NUMA cells

export function formatNumaDistances(w: XmlWriter, distances: readonly NumaDistance[]): void {
  w.element("distances", "", () => {
    for (const { id, value } of distances) if (value !== 0) w.empty("sibling", attr("id", id) + attr("value", value));
  });
}

export function formatNumaCaches(w: XmlWriter, caches: readonly NumaCache[]): void {
  for (const cache of caches) {
    const how =
      (cache.associativity === "none" ? "" : attr("associativity", cache.associativity)) +
      (cache.policy === "none" ? "" : attr("policy", cache.policy));
    w.block("cache", attr("level", cache.level) + how, () => {
      w.empty("size", attr("value", cache.size) + attr("unit", "KiB"));
      if (cache.line) w.empty("line", attr("value", cache.line) + attr("unit", "B"));
    });
  }
}

export function formatInterconnects(w: XmlWriter, interconnects: readonly NumaInterconnect[]): void {
  w.element("interconnects", "", () => {
    for (const link of interconnects) {
      w.empty(
        link.kind,
        attr("initiator", link.initiator) +
          attr("target", link.target) +
          attrNonzero("cache", link.cache) +
          attr("type", link.type) +
          attr("value", link.value) +
          (link.kind === "bandwidth" ? attr("unit", "KiB") : ""),
      );
    }
  });
}
