import { nearest } from "../errors/nearest.js";

/** One key of a plugin's section of package.json. */
export interface SectionKey {
  readonly required?: boolean;
  /** What may stand there, in words that follow "must be". */
  readonly allowed: string;
  accepts(value: unknown): boolean;
}

export type SectionKeys = Readonly<Record<string, SectionKey>>;

export function textKey(allowed: string, pattern: RegExp): SectionKey {
  return { allowed, accepts: (value) => typeof value === "string" && pattern.test(value) };
}

/** A list of different texts. */
export function listKey(allowed: string, pattern: RegExp): SectionKey {
  return {
    allowed,
    accepts: (value) =>
      Array.isArray(value) &&
      value.every((entry) => typeof entry === "string" && pattern.test(entry)) &&
      new Set(value).size === value.length,
  };
}

export const flagKey: SectionKey = { allowed: "true or false", accepts: (value) => typeof value === "boolean" };

/** A file of the package: never one outside of it. */
const INSIDE = /^(?:\.\/)?(?!\/)(?!\.\.(?:\/|$))(?!.*\/\.\.(?:\/|$)).+$/;

/** The keys that every plugin has. */
export const COMMON_KEYS: SectionKeys = {
  name: {
    ...textKey(
      'a name of letters, digits, ".", "_" and "-" that begins with a letter or digit',
      /^[A-Za-z0-9][\w.-]{0,63}$/,
    ),
    required: true,
  },
  entry: { ...textKey('a path inside the package, such as "./dist/index.js"', INSIDE), required: true },
  contracts: {
    allowed: 'a list of contracts with their major version, such as ["hypervisor.v1"]',
    accepts: (value) =>
      Array.isArray(value) && value.length > 0 && listKey("", /^[a-z][a-z0-9-]*\.v[1-9]\d{0,3}$/).accepts(value),
    required: true,
  },
  configuration: {
    allowed: 'a JSON schema, or the path of one inside the package, such as "./configuration.json"',
    accepts: (value) => (typeof value === "string" ? INSIDE.test(value) : isRecord(value)),
  },
};

/** What is wrong with a section: one sentence for each key that is missing or cannot be meant. */
export function faultsOf(section: Readonly<Record<string, unknown>>, key: string, keys: SectionKeys): string[] {
  return Object.entries(keys).flatMap(([name, { required, allowed, accepts }]) => {
    const value = section[name];
    if (value === undefined) return required ? [`"${key}.${name}" is missing: it must be ${allowed}`] : [];
    return accepts(value) ? [] : [`"${key}.${name}" must be ${allowed}, and is ${shown(value)}`];
  });
}

/** What is said of keys that nobody here knows: the author has mistyped one, or the plugin is newer than its host. */
export function unknownKeys(section: Readonly<Record<string, unknown>>, key: string, keys: SectionKeys): string[] {
  const known = Object.keys(keys);
  return Object.keys(section)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const meant = nearest(name, known);
      const hint = meant === undefined ? `the keys are ${known.join(", ")}` : `did you mean "${meant}"?`;
      return `"${key}.${name}" is no key of a manifest and changes nothing: ${hint}`;
    });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const SHOWN = 60;

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
