import type { ConfigValue } from "@polyvisor/sdk/conf";
import { refuse } from "../errors.js";

/** A value as xl itself reads it: unlike libvirt's parser, xl knows escapes within quotes. */
export function formatXlValue(value: ConfigValue): string {
  // a sign is text to xl, of which it makes a number later
  if (typeof value === "number") return value < 0 ? `"${value}"` : String(value);
  if (typeof value === "string") return `"${value.replace(SPECIAL, escaped)}"`;
  return `[ ${value.map(formatXlValue).join(", ")} ]`;
}

const SPECIAL = /["\\]|\p{Cc}/gu;

function escaped(char: string): string {
  if (char === '"' || char === "\\") return `\\${char}`;
  return `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`;
}

const PART = /^[^,\n]*$/;

/** `NAME=VALUE` for one of xl's lists with commas, in which a comma has no escape. Nothing for undefined. */
export function part(name: string, value: string | number | undefined): readonly string[] {
  if (value === undefined) return [];
  if (!PART.test(String(value))) {
    refuse("CONFIG_UNSUPPORTED", `Xen cannot have a comma or a line's end in ${name} '${value}'`, "Use another name.");
  }
  return [`${name}=${value}`];
}

/** A line alone can stand there. */
export function oneLine(name: string, value: string): string {
  if (value.includes("\n")) {
    refuse("CONFIG_UNSUPPORTED", `Xen cannot have a line's end in ${name} '${value}'`, "Use another name.");
  }
  return value;
}
