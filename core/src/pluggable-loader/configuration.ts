import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Ajv, ErrorObject, ValidateFunction } from "ajv";
import { nearest } from "../errors/nearest.js";
import { isRecord } from "./keys.js";
import type { Manifest } from "./manifest.js";
import { plainDefaults } from "./plain-defaults.js";
import { PluginError } from "./problem.js";

/** What the operator has set for a plugin, as it was read. */
export interface ConfigurationGiven {
  readonly values: Readonly<Record<string, unknown>>;
  /** The file that the values stand in, and the line of each, for what is said of them. */
  readonly file?: string;
  readonly lines?: Readonly<Record<string, number>>;
  /** Why the file could not be read; then `values` is empty. */
  readonly fault?: string;
}

/** The settings of a plugin, checked; the defaults of its schema are filled in. */
export type PluginConfiguration = Readonly<Record<string, unknown>>;

/** Schemas of our own packages are known to be right. */
const OWN_SCOPE = "@polyvisor/";

interface Schema extends Record<string, unknown> {
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * Holds what the operator has set against the schema of the plugin's manifest. Rejects with a `PluginError` that names file,
 * line, key and what is allowed. Runs none of the plugin's code; the library that knows schemas is read where there is one
 * that somebody else has written, or that something is set by.
 */
export async function checkConfiguration(
  manifest: Manifest,
  given: ConfigurationGiven = { values: {} },
): Promise<PluginConfiguration> {
  if (given.fault !== undefined) throw invalid([given.fault]);
  if (manifest.configuration === undefined) {
    const keys = Object.keys(given.values);
    if (keys.length === 0) return {};
    throw invalid(keys.map((key) => `${placeOf(given, key)}plugin ${manifest.name} has no settings`));
  }
  const schema = await schemaOf(manifest, manifest.configuration);
  const plain = Object.keys(given.values).length === 0 && manifest.packageName.startsWith(OWN_SCOPE);
  const defaults = plain ? plainDefaults(schema) : undefined;
  if (defaults !== undefined) return defaults;
  const unknown = unknownKeys(schema, given);
  const values = structuredClone(withFlags(schema, given.values));
  const check = await validatorOf(manifest, schema);
  const faults = check(values) ? [] : faultsIn(check.errors ?? [], schema, given);
  if (unknown.length + faults.length > 0) throw invalid([...unknown, ...faults]);
  return values;
}

function invalid(faults: readonly string[]): PluginError {
  return new PluginError("PLUGIN_CONFIGURATION_INVALID", [...new Set(faults)].join("; "));
}

async function schemaOf(manifest: Manifest, named: NonNullable<Manifest["configuration"]>): Promise<Schema> {
  const schema = typeof named === "string" ? await schemaIn(manifest, named) : named;
  if (!isRecord(schema) || schema.type !== "object" || !isRecord(schema.properties))
    throw badSchema(manifest, 'it must have "type": "object" and "properties"');
  return schema as Schema;
}

async function schemaIn(manifest: Manifest, path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(manifest.folder, path), "utf8"));
  } catch (error) {
    throw badSchema(manifest, (error as Error).message, error);
  }
}

function badSchema({ name, version }: Manifest, why: string, cause?: unknown): PluginError {
  const message = `plugin ${name} ${version}: the schema of its settings cannot be used: ${why}`;
  return new PluginError("PLUGIN_CONFIGURATION_SCHEMA_INVALID", message, { cause });
}

/** Keys are checked apart from the schema, which may leave open what it does not name. */
function unknownKeys({ properties }: Schema, given: ConfigurationGiven): string[] {
  const known = Object.keys(properties);
  return Object.keys(given.values)
    .filter((key) => !Object.hasOwn(properties, key))
    .map((key) => {
      const meant = nearest(key, known);
      const hint = meant === undefined ? `the settings are ${known.join(", ")}` : `did you mean ${meant}?`;
      return `${placeOf(given, key)}unknown setting ${key}: ${hint}`;
    });
}

/** Files in libvirt's syntax write true and false as 1 and 0. */
function withFlags({ properties }: Schema, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isFlag = (key: string): boolean => isRecord(properties[key]) && properties[key].type === "boolean";
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      isFlag(key) && (value === 0 || value === 1) ? value === 1 : value,
    ]),
  );
}

let library: Promise<Ajv> | undefined;

async function validatorOf(manifest: Manifest, schema: Schema): Promise<ValidateFunction<Record<string, unknown>>> {
  library ??= import("ajv").then((ajv) => new ajv.Ajv({ allErrors: true, useDefaults: true, addUsedSchema: false }));
  try {
    return (await library).compile<Record<string, unknown>>(schema);
  } catch (error) {
    throw badSchema(manifest, (error as Error).message, error);
  }
}

function faultsIn(errors: readonly ErrorObject[], schema: Schema, given: ConfigurationGiven): string[] {
  return errors.flatMap((error) => {
    const [key = "", ...deeper] = error.instancePath.slice(1).split("/");
    if (error.keyword === "additionalProperties" && error.instancePath === "") return [];
    if (error.keyword === "required" && error.instancePath === "")
      return [`${given.file === undefined ? "" : `${given.file}: `}${error.params.missingProperty} is missing`];
    const at = [key, ...deeper.map((part) => (/^\d+$/.test(part) ? `entry ${Number(part) + 1}` : part))].join(", ");
    return [`${placeOf(given, key)}${at} ${wordsOf(error, schema.properties[key])}`];
  });
}

function wordsOf({ keyword, params, message = "" }: ErrorObject, property: unknown): string {
  if (keyword === "enum")
    return `must be one of ${(params.allowedValues as unknown[]).map((each) => JSON.stringify(each)).join(", ")}`;
  if (keyword === "type" && params.type === "boolean") return "must be 0 or 1";
  if (keyword === "pattern" && isRecord(property) && typeof property.description === "string")
    return `${message}: ${property.description}`;
  return message;
}

function placeOf({ file, lines }: ConfigurationGiven, key: string): string {
  const line = lines?.[key];
  if (file === undefined) return "";
  return line === undefined ? `${file}: ` : `${file}:${line}: `;
}
