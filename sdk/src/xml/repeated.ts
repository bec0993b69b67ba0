import type { XmlAttribute } from "./element.js";

/** Above so many attributes a set is faster. */
const FEW = 8;

/** The first name that is there twice. */
export function repeatedName(attributes: readonly XmlAttribute[]): string | undefined {
  return attributes.length > FEW ? repeatedAmongMany(attributes) : repeatedAmongFew(attributes);
}

function repeatedAmongFew(attributes: readonly XmlAttribute[]): string | undefined {
  for (let at = 1; at < attributes.length; at++) {
    const name = attributes[at]?.name;
    for (let before = 0; before < at; before++) {
      if (attributes[before]?.name === name) return name;
    }
  }
  return undefined;
}

function repeatedAmongMany(attributes: readonly XmlAttribute[]): string | undefined {
  const seen = new Set<string>();
  for (const { name } of attributes) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}
