import { join } from "node:path";
import { pathToFileURL } from "node:url";
import satisfies from "semver/functions/satisfies.js";
import validRange from "semver/ranges/valid.js";
import type { Manifest } from "./manifest.js";
import { PluginError } from "./problem.js";

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
    if (validRange(range) === null)
      throw new PluginError("PLUGIN_MANIFEST_INVALID", `${who}: "${range}" is no range of versions of ${name}`);
    if (!satisfies(here, range, { includePrerelease: true }))
      throw new PluginError("PLUGIN_INCOMPATIBLE", `${who} needs ${name} ${range}, but ${here} is here`, {
        mismatch: { wanted: `${name} ${range}`, found: here },
      });
  }
  const unknown = manifest.contracts.filter((contract) => !offer.contracts.includes(contract));
  if (unknown.length === 0) return;
  const [wanted, found] = [unknown.join(", "), offer.contracts.join(", ")];
  throw new PluginError("PLUGIN_INCOMPATIBLE", `${who} provides ${wanted}, but this host knows ${found}`, {
    mismatch: { wanted, found },
  });
}

/** Code of plugins that a program holds itself, by the real paths of the folders of their packages. */
export type HeldEntries = ReadonlyMap<string, () => Promise<{ readonly default?: unknown }>>;

/** Imports a plugin's entry, unless it is held, and returns its default export. */
export async function importEntry(manifest: Manifest, held: HeldEntries): Promise<unknown> {
  const url = pathToFileURL(join(manifest.folder, manifest.entry)).href;
  try {
    const module = (await (held.get(manifest.folder)?.() ?? import(url))) as { default?: unknown };
    if (module.default === undefined) throw new Error("it has no default export");
    return module.default;
  } catch (error) {
    throw new PluginError(
      "PLUGIN_ENTRY_FAILED",
      `plugin ${manifest.name} ${manifest.version}: entry ${manifest.entry} failed: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
