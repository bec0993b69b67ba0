import { readFile } from "node:fs/promises";
import { join } from "node:path";

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
  /** Packages of the host that the plugin needs, with their semver ranges. */
  readonly needs: Readonly<Record<string, string>>;
  /** The whole section, for readers that know more keys. */
  readonly section: Readonly<Record<string, unknown>>;
}

/** A package that wants to be a plugin but cannot be read as one. */
export interface BadManifest {
  readonly name: string;
  readonly folder: string;
  readonly problem: string;
}

/**
 * Reads the section `key` of a folder's package.json.
 *
 * `undefined` where there is no package.json or the package does not have the section: it is no plugin.
 */
export async function readManifest(folder: string, key: string): Promise<Manifest | BadManifest | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, "package.json"), "utf8");
  } catch {
    return undefined;
  }
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    return { name: folder, folder, problem: `package.json is not JSON: ${(error as Error).message}` };
  }
  const section = json[key];
  if (section === undefined) return undefined;
  const problem = (what: string): BadManifest => ({ name: String(json.name ?? folder), folder, problem: what });
  if (!isRecord(section)) return problem(`"${key}" in package.json is not an object`);
  const { name, entry, contracts } = section;
  if (typeof name !== "string" || name === "") return problem(`"${key}.name" is missing`);
  if (typeof entry !== "string" || entry === "") return problem(`"${key}.entry" is missing`);
  if (!isStrings(contracts) || contracts.length === 0) return problem(`"${key}.contracts" is not a list of names`);
  return {
    name,
    packageName: String(json.name ?? name),
    version: String(json.version ?? "0.0.0"),
    folder,
    entry,
    contracts,
    needs: isRecord(json.peerDependencies) ? (json.peerDependencies as Record<string, string>) : {},
    section,
  };
}

export function isBad(manifest: Manifest | BadManifest): manifest is BadManifest {
  return "problem" in manifest;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}
