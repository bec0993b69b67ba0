import { attr, attrNonzero, XmlWriter } from "../../xml/index.js";
import { formatFilterReference } from "../common/index.js";
import type { FilterBinding, FilterRule, NetworkFilter, RuleItem } from "./model.js";
import type { RuleItems } from "./parse-rule.js";
import { type AttributeKind, attributesOf, type Protocol } from "./protocols.js";
import { CODECS } from "./values.js";
import { formatVariable } from "./variables.js";

/** The filter's XML, to the byte as libvirt prints it. */
export function formatNetworkFilter(filter: NetworkFilter): string {
  const w = new XmlWriter();
  const attributes = attr("name", filter.name) + attr("chain", filter.chain);
  w.block("filter", attributes + attrNonzero("priority", filter.priority), () => {
    w.leaf("uuid", filter.uuid);
    for (const entry of filter.entries) {
      if (entry.kind === "rule") formatRule(w, entry);
      else formatFilterReference(w, entry);
    }
  });
  return w.toString();
}

function formatRule(w: XmlWriter, rule: FilterRule): void {
  const attributes =
    attr("action", rule.action) +
    attr("direction", rule.direction) +
    attr("priority", rule.priority) +
    attr("statematch", rule.stateMatch ? undefined : "false");
  w.elementAlways("rule", attributes, () => {
    if (rule.protocol !== undefined) formatMatch(w, rule.protocol, rule.attributes);
  });
}

/** An element for each run of conditions that are all negated or all not. */
function formatMatch(w: XmlWriter, protocol: Protocol, items: RuleItems): void {
  let run = "";
  let negated = false;
  for (const [name, kind] of attributesOf(protocol)) {
    const item = items[name];
    if (item === undefined) continue;
    if (run !== "" && negated !== (item.negated === true)) {
      w.empty(protocol, run);
      run = "";
    }
    negated = item.negated === true;
    if (run === "" && negated) run = attr("match", "no");
    run += attr(name, formatItem(kind, item));
  }
  w.empty(protocol, run);
}

function formatItem<K extends AttributeKind>(kind: K, item: RuleItem<unknown>): string {
  if ("variable" in item) return formatVariable(item.variable);
  // the codec of the kind that the table gives to the attribute is the one that made the value
  const codec = CODECS[kind] as { print(value: unknown, hex: boolean): string };
  return codec.print(item.value, item.hex === true);
}

/** The binding's XML, to the byte as libvirt prints it. */
export function formatFilterBinding(binding: FilterBinding): string {
  const w = new XmlWriter();
  w.block("filterbinding", "", () => {
    w.block("owner", "", () => {
      w.leaf("name", binding.owner.name);
      w.leaf("uuid", binding.owner.uuid);
    });
    w.empty("portdev", attr("name", binding.portDev));
    if (binding.linkDev !== undefined) w.empty("linkdev", attr("name", binding.linkDev));
    w.empty("mac", attr("address", binding.mac));
    formatFilterReference(w, binding.filterref);
  });
  return w.toString();
}
