import type { ConfigValue } from "@polyvisor/sdk/conf";
import { formatConfigValue, parseConfigFile } from "@polyvisor/sdk/conf/config-file";
import { configReader } from "@polyvisor/sdk/conf/config-file-values";
import { malformed, refuse } from "./errors.js";

/** The settings of a native configuration, in the order in which they were made; one that is made again keeps its place. */
export class NativeSettings {
  readonly #values = new Map<string, ConfigValue>();

  /** Undefined sets nothing. */
  set(name: string, value: string | number | boolean | undefined): void {
    if (value === undefined) return;
    this.#values.set(name, typeof value === "boolean" ? Number(value) : value);
  }

  /** An empty list sets nothing. */
  setList(name: string, values: readonly ConfigValue[]): void {
    if (values.length > 0) this.#values.set(name, values);
  }

  format(formatValue: (value: ConfigValue) => string = formatConfigValue): string {
    return [...this.#values].map(([name, value]) => `${name} = ${formatValue(value)}\n`).join("");
  }
}

/** The settings of a native configuration by name; each throws in libvirt's words where it is of another type. */
export interface NativeReader {
  value(name: string): ConfigValue | undefined;
  string(name: string): string | undefined;
  requiredString(name: string): string;
  /** Undefined where it is not set, or not a list. */
  strings(name: string): readonly string[] | undefined;
  /** Undefined where it is not set. */
  list(name: string): readonly string[] | undefined;
  /** The strings of a list; whatever else is in it does not count. Empty where it is no list. */
  stringsOf(name: string): readonly string[];
  boolean(name: string): boolean | undefined;
  number(name: string): number | undefined;
}

/** Throws `CONF_SYNTAX` with the line where the text is no configuration. */
export function readNative(text: string): NativeReader {
  const values = configReader(parseConfigFile(text));
  const isList = (name: string): boolean => typeof values.value(name) === "object";
  return {
    value: values.value,
    string: values.string,
    requiredString: (name) =>
      values.string(name) ?? refuse("INTERNAL_ERROR", `config value ${name} was missing`, `Add ${name} = "...".`),
    strings: (name) => (isList(name) ? values.strings(name) : undefined),
    list: values.strings,
    stringsOf: (name) => {
      const found = values.value(name);
      return typeof found === "object" ? found.filter((each) => typeof each === "string") : [];
    },
    boolean: (name) => {
      const found = values.value(name);
      if (found === undefined) return undefined;
      if (typeof found === "string") return found === "1";
      return typeof found === "number" && found >= 0 ? found > 0 : malformed(name);
    },
    number: (name) => {
      const found = values.value(name);
      if (found === undefined) return undefined;
      if (typeof found === "string") return parseNumber(found, 10) ?? malformed(name);
      return typeof found === "number" && found >= 0 ? found : malformed(name);
    },
  };
}

/** A whole number and nothing else; undefined when the text is none. */
export function parseNumber(text: string, base: 10 | 16): number | undefined {
  const digits = base === 10 ? /^\s*\+?\d+$/ : /^\s*\+?(?:0x)?[\da-f]+$/i;
  if (!digits.test(text)) return undefined;
  const value = Number.parseInt(text, base);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The values of `a=1,b=2` by name, the last of each; undefined where a part has no `=`. */
export function parsePairs(text: string): ReadonlyMap<string, string> | undefined {
  const pairs = new Map<string, string>();
  for (const part of text.split(",")) {
    const written = part.trimStart();
    const equals = written.indexOf("=");
    if (equals < 0) return undefined;
    pairs.set(written.slice(0, equals), written.slice(equals + 1));
  }
  return pairs;
}
