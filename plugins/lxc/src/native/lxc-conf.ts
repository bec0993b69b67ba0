import { VirtError } from "@polyvisor/core";

/** One line of a container's configuration in the format of the LXC tools. */
export interface LxcEntry {
  readonly key: string;
  /** Without the blanks around it; may be empty. */
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

/** The lines of `lxc.conf` that say something, in their order. Fails with `CONF_SYNTAX` and the line's number. */
export function parseLxcConf(text: string): readonly LxcEntry[] {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) => parseLine(line, index + 1) ?? []);
}

function parseLine(text: string, line: number): LxcEntry | undefined {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.startsWith("#")) return undefined;
  const equals = trimmed.indexOf("=");
  if (equals < 0) throw syntaxError(line, "expecting an assignment");
  const key = trimmed.slice(0, equals).trim();
  if (!/^[A-Za-z][A-Za-z0-9_.]*$/.test(key)) throw syntaxError(line, "expecting a name");
  return { key, value: trimmed.slice(equals + 1).trim(), line };
}

function syntaxError(line: number, what: string): VirtError {
  return new VirtError("CONF_SYNTAX", `configuration file syntax error: memory conf:${line}: ${what}`, {
    domain: "CONF",
    hint: "each line is empty, begins with # or is of the form lxc.KEY = VALUE",
  });
}

/** The value of the first key that is there. */
export function firstValue(entries: readonly LxcEntry[], ...keys: readonly string[]): LxcEntry | undefined {
  for (const key of keys) {
    const found = entries.find((entry) => entry.key === key);
    if (found !== undefined && found.value !== "") return found;
  }
  return undefined;
}

/** A number that a value must be. Fails with `INTERNAL_ERROR` in libvirt's words. */
export function wholeNumber({ key, line }: LxcEntry, text: string, { signed = false } = {}): number {
  const number = Number(text);
  if (!(signed ? /^-?\d+$/ : /^\d+$/).test(text) || !Number.isSafeInteger(number))
    throw badValue(`failed to parse integer: '${text}'`, `${key} in line ${line} is not a number`);
  return number;
}

export function badValue(detail: string, hint: string): VirtError {
  return new VirtError("INTERNAL_ERROR", detail, { domain: "LXC", hint });
}

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };

/** Bytes, of `64m` and its kin. Fails with `INTERNAL_ERROR` in libvirt's words. */
export function bytesOf({ key, line }: LxcEntry, size: string): number {
  if (size.endsWith("%"))
    throw badValue(`can't convert relative size: '${size}'`, `${key} in line ${line} needs a size in bytes`);
  const [, digits, unit = ""] = /^(\d+)\s*([kmgtp]?)(?:i?b)?$/i.exec(size) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes))
    throw badValue(
      `failed to convert size: '${size}'`,
      `${key} in line ${line} is a number with k, m, g, t or nothing`,
    );
  return bytes;
}
