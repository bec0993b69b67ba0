import { join } from "node:path";
import { pathToFileURL } from "node:url";
import satisfies from "semver/functions/satisfies.js";
import type { Manifest } from "./manifest.js";

/** Why a plugin cannot be used; the message names the plugin, what it asked for and what is here. */
export class PluginError extends Error {
  override readonly name = "PluginError";
}

/** What a host offers to its plugins. */
export interface Offer {
  /** Versions of the packages that plugins share with the host. A plugin's needs beyond these are its own affair. */
  readonly versions: Readonly<Record<string, string>>;
  /** The contracts that the host knows. */
  readonly contracts: readonly string[];
}

/** Throws a `PluginError` where the plugin asks for something that the host does not offer. Runs none of its code. */
export function checkNeeds(manifest: Manifest, offer: Offer): void {
  const who = `plugin ${manifest.name} ${manifest.version}`;
  for (const [name, range] of Object.entries(manifest.needs)) {
    const here = offer.versions[name];
    if (here === undefined) continue;
    if (!satisfies(here, range, { includePrerelease: true }))
      throw new PluginError(`${who} needs ${name} ${range}, but ${here} is here`);
  }
  const unknown = manifest.contracts.filter((contract) => !offer.contracts.includes(contract));
  if (unknown.length > 0)
    throw new PluginError(`${who} provides ${unknown.join(", ")}, but this host knows ${offer.contracts.join(", ")}`);
}

/** Imports a plugin's entry and returns its default export. */
export async function importEntry(manifest: Manifest): Promise<unknown> {
  const url = pathToFileURL(join(manifest.folder, manifest.entry)).href;
  try {
    const module = (await import(url)) as { default?: unknown };
    if (module.default === undefined) throw new Error("it has no default export");
    return module.default;
  } catch (error) {
    throw new PluginError(
      `plugin ${manifest.name} ${manifest.version}: entry ${manifest.entry} failed: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
