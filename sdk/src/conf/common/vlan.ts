import {
  attr,
  attribute,
  childElements,
  enumAttribute,
  errorAt,
  requiredInteger,
  type XmlElement,
  type XmlWriter,
} from "../../xml/index.js";

export interface VlanTag {
  readonly id: number;
  readonly nativeMode?: "tagged" | "untagged" | undefined;
}

export interface Vlan {
  readonly trunk: boolean;
  readonly tags: readonly VlanTag[];
}

export function parseVlan(element: XmlElement): Vlan {
  const found = childElements(element, "tag");
  if (found.length === 0) {
    const detail = "missing tag id - each <vlan> must have at least one <tag id='n'/> subelement";
    throw errorAt(element, "XML_ERROR", detail, "Add <tag id='...'/>.", "NONE");
  }
  const written = found.map(parseTag);
  const native = written.filter((tag) => tag.nativeMode !== undefined);
  if (native.length > 1) {
    throw errorAt(element, "XML_ERROR", "duplicate native vlan setting", "Keep nativeMode on one <tag>.", "NONE");
  }
  const tags = written.map((tag) => (tag.id === native[0]?.id ? native[0] : tag));
  return { trunk: parseTrunk(element, tags), tags };
}

function parseTag(element: XmlElement): VlanTag {
  const id = requiredInteger(element, "id");
  if (id > 4095) {
    const detail = `vlan tag id ${id} too large (maximum 4095)`;
    throw errorAt(element, "XML_ERROR", detail, "Write a number up to 4095.", "NONE");
  }
  return { id, nativeMode: enumAttribute(element, "nativeMode", ["tagged", "untagged"]) };
}

function parseTrunk(element: XmlElement, tags: readonly VlanTag[]): boolean {
  const written = attribute(element, "trunk");
  if (written === undefined || written === "") return tags.length > 1;
  if (written.toLowerCase() === "yes") return true;
  const refuse = (detail: string): never => {
    throw errorAt(element, "XML_ERROR", detail, "Write trunk='yes'.", "NONE");
  };
  if (tags.length > 1) {
    refuse(`invalid "trunk='${written}'" in <vlan> - trunk='yes' is required for more than one vlan tag`);
  }
  if (tags.some((tag) => tag.nativeMode !== undefined)) {
    refuse(`invalid configuration in <vlan> - "trunk='no'" is not allowed with a native vlan id`);
  }
  if (written.toLowerCase() !== "no") refuse(`invalid "trunk='${written}'" in <vlan> - must be yes or no`);
  return false;
}

export function formatVlan(w: XmlWriter, vlan: Vlan | undefined): void {
  if (vlan === undefined) return;
  w.block("vlan", vlan.trunk ? attr("trunk", "yes") : "", () => {
    for (const tag of vlan.tags) w.empty("tag", attr("id", tag.id) + attr("nativeMode", tag.nativeMode));
  });
}
