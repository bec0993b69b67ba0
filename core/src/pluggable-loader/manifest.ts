import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { COMMON_KEYS, faultsOf, isRecord, type SectionKeys, unknownKeys } from "./keys.js";
import type { PluginProblem } from "./problem.js";

/** What a package says of itself, read without running any of its code. */
export interface Manifest {
  /** The plugin's name, unique in a host. */
  readonly name: string;
  readonly packageName: string;
  readonly version: string;
  /** The package's folder. */
  readonly folder: string;
  /** The module that holds the code, relative to the folder. */
  readonly entry: string;
  /** What the plugin provides: contracts with their major version, such as `hypervisor.v1`. */
  readonly contracts: readonly string[];
  /** Packages of the host that the plugin needs, with their semver ranges; `node` is Node.js itself. */
  readonly needs: Readonly<Record<string, string>>;
  /** The JSON schema of the operator's settings for it, or the path of one inside the package. */
  readonly configuration: string | Readonly<Record<string, unknown>> | undefined;
  /** The whole section, for readers that know more keys. */
  readonly section: Readonly<Record<string, unknown>>;
  /** What its author should hear of, but keeps it from nothing: keys that nobody here knows. */
  readonly remarks: readonly string[];
}

/** A package that wants to be a plugin but cannot be read as one, or is looked for and not there. */
export interface BadManifest {
  readonly name: string;
  readonly folder: string;
  readonly problem: PluginProblem;
  readonly message: string;
}

/** Which section of package.json makes a package a plugin, and the keys that it may have beyond those of every plugin. */
export interface SectionRules {
  readonly key: string;
  readonly keys?: SectionKeys;
}

/**
 * Reads the section of a folder's package.json.
 *
 * `undefined` where there is no package.json or the package does not have the section: it is no plugin.
 */
export async function readManifest(folder: string, rules: SectionRules): Promise<Manifest | BadManifest | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, "package.json"), "utf8");
  } catch {
    return undefined;
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return bad(folder, folder, `package.json is not JSON: ${(error as Error).message}`);
  }
  if (!isRecord(json)) return bad(folder, folder, "package.json is not an object");
  const section = json[rules.key];
  return section === undefined ? undefined : manifestOf(folder, json, section, rules);
}

function manifestOf(
  folder: string,
  json: Record<string, unknown>,
  section: unknown,
  { key, keys = {} }: SectionRules,
): Manifest | BadManifest {
  const packageName = typeof json.name === "string" ? json.name : folder;
  if (!isRecord(section)) return bad(packageName, folder, `"${key}" in package.json is not an object`);
  const known = { ...COMMON_KEYS, ...keys };
  const faults = faultsOf(section, key, known);
  const remarks = unknownKeys(section, key, known);
  if (faults.length > 0) return bad(packageName, folder, [...faults, ...remarks].join("; "));
  const { name, entry, contracts, configuration } = section as unknown as Pick<
    Manifest,
    "name" | "entry" | "contracts" | "configuration"
  >;
  const version = typeof json.version === "string" ? json.version : "0.0.0";
  return {
    name,
    packageName,
    version,
    folder,
    entry,
    contracts,
    configuration,
    section,
    remarks,
    needs: needsOf(json),
  };
}

function needsOf(json: Record<string, unknown>): Record<string, string> {
  const node = isRecord(json.engines) ? json.engines.node : undefined;
  const peers = isRecord(json.peerDependencies) ? Object.entries(json.peerDependencies) : [];
  const needs = [...peers, ...(node === undefined ? [] : [["node", node]])] as [string, unknown][];
  return Object.fromEntries(needs.map(([name, range]) => [name, String(range)]));
}

function bad(name: string, folder: string, message: string): BadManifest {
  return { name, folder, problem: "PLUGIN_MANIFEST_INVALID", message };
}

export function isBad(manifest: Manifest | BadManifest): manifest is BadManifest {
  return "problem" in manifest;
}
