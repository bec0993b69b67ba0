import { VirtError } from "@polyvisor/core";
import { type ConfigEntry, type ConfigSyntax, type ConfigValue, isSetting } from "./config-file.js";

/** What a number may be, both included. */
export interface ConfigRange {
  readonly min?: number;
  readonly max?: number;
}

/**
 * The values of a configuration file by name and type; each is undefined where the file does not set it, and throws in libvirt's
 * words where it is of another type. Of a name that is set twice the first setting counts, as in libvirt.
 */
export interface ConfigReader {
  value(name: string): ConfigValue | undefined;
  string(name: string): string | undefined;
  /** `single`: one string stands for a list of one. */
  strings(name: string, how?: { readonly single?: boolean }): readonly string[] | undefined;
  /** 0 or 1. */
  boolean(name: string): boolean | undefined;
  integer(name: string, range?: ConfigRange): number | undefined;
  unsigned(name: string, range?: Pick<ConfigRange, "max">): number | undefined;
}

export function configReader(
  entries: readonly ConfigEntry[],
  fileName = "memory conf",
  syntax: ConfigSyntax = "libvirt",
): ConfigReader {
  const same = (name: string): string => (syntax === "vmx" ? name.toLowerCase() : name);
  const values = new Map<string, ConfigValue>();
  for (const entry of entries) {
    if (isSetting(entry) && !values.has(same(entry.key))) values.set(same(entry.key), entry.value);
  }
  const refuse = (name: string, expected: string, code: "INTERNAL_ERROR" | "CONF_SYNTAX" = "INTERNAL_ERROR"): never => {
    throw new VirtError(code, `${fileName}: expected ${expected} for '${name}' parameter`, {
      domain: "CONF",
      hint: `Give ${name} ${expected}.`,
    });
  };
  const outside = (name: string, range: string): never => {
    throw new VirtError("INTERNAL_ERROR", `${fileName}: value for '${name}' parameter must be ${range}`, {
      domain: "CONF",
      hint: `Give ${name} a value ${range}.`,
    });
  };
  const value = (name: string): ConfigValue | undefined => values.get(same(name));
  const whole = (
    name: string,
    what: string,
    { min, max }: Required<ConfigRange>,
    lowest: number,
  ): number | undefined => {
    const found = value(name);
    if (found === undefined) return undefined;
    if (typeof found !== "number" || found < lowest) return refuse(name, what);
    return found < min || found > max ? outside(name, `in range ${min}:${max}`) : found;
  };
  return {
    value,
    string: (name) => {
      const found = value(name);
      return found === undefined || typeof found === "string" ? found : refuse(name, "a string");
    },
    strings: (name, { single = false } = {}) => {
      const found = value(name);
      if (found === undefined) return undefined;
      if (typeof found === "string" && single) return [found];
      if (typeof found !== "object") return refuse(name, single ? "a string or string list" : "a string list");
      return found.map((each) => (typeof each === "string" ? each : refuse(name, "a string list", "CONF_SYNTAX")));
    },
    boolean: (name) => {
      const found = value(name);
      if (found === undefined) return undefined;
      if (typeof found !== "number" || found < 0) return refuse(name, "a bool");
      return found > 1 ? outside(name, "0 or 1") : found === 1;
    },
    integer: (name, { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = {}) =>
      whole(name, "a signed integer", { min, max }, Number.NEGATIVE_INFINITY),
    unsigned: (name, { max = Number.MAX_SAFE_INTEGER } = {}) => whole(name, "an unsigned integer", { min: 0, max }, 0),
  };
}
