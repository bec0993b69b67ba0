import { isRecord } from "./keys.js";

/** What a schema may say without its defaults being anything but those of its properties. */
const PLAIN = new Set(["type", "properties", "description"]);

/**
 * What settings are where nothing is set, as the library that knows schemas would say it, without reading that library: it
 * takes longer than all else about plugins. `undefined` where the schema says more than it does in most plugins.
 */
export function plainDefaults(schema: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const { properties } = schema;
  if (!isRecord(properties) || Object.keys(schema).some((key) => !PLAIN.has(key))) return undefined;
  const defaults: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(properties)) {
    if (!isRecord(property)) return undefined;
    const value = property.default;
    if (value === undefined) continue;
    if (!(Array.isArray(value) ? value : [value]).every(isPlain)) return undefined;
    defaults[key] = Array.isArray(value) ? [...value] : value;
  }
  return defaults;
}

function isPlain(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}
