import { isJsonObject, type JsonValue } from "./value.js";

/**
 * A document on one line without blanks; or, `pretty`, on lines of two blanks a level and with a line break at the end.
 *
 * Both are what libvirt prints: only what JSON demands is escaped.
 */
export function formatJson(value: JsonValue, options: { readonly pretty?: boolean } = {}): string {
  return options.pretty === true ? `${pretty(value, "")}\n` : compact(value);
}

function compact(value: JsonValue): string {
  if (value === null || typeof value !== "object") return scalar(value);
  if (isJsonObject(value)) return `{${[...value].map(([key, each]) => `${quote(key)}:${compact(each)}`).join(",")}}`;
  return "number" in value ? value.number : `[${value.map(compact).join(",")}]`;
}

function pretty(value: JsonValue, indent: string): string {
  if (value === null || typeof value !== "object") return scalar(value);
  const inner = `${indent}  `;
  if (isJsonObject(value)) {
    const lines = [...value].map(([key, each]) => `${inner}${quote(key)}: ${pretty(each, inner)}`);
    return `{\n${lines.join(",\n")}\n${indent}}`;
  }
  if ("number" in value) return value.number;
  return `[\n${value.map((each) => inner + pretty(each, inner)).join(",\n")}\n${indent}]`;
}

function scalar(value: null | boolean | string): string {
  return typeof value === "string" ? quote(value) : String(value);
}

function quote(text: string): string {
  // pairs of backslashes are passed over, so that a backslash in the text does not look like the begin of an escape
  return JSON.stringify(text).replace(/\\(?:u00[01][0-9a-f]|.)/g, (written) =>
    written.startsWith("\\u00") ? `\\u${written.slice(2).toUpperCase()}` : written,
  );
}
