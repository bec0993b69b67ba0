import { readdir, readFile, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { type BadManifest, type Manifest, readManifest } from "./manifest.js";

/** Where plugins are looked for. Earlier places win where two plugins have one name. */
export interface Places {
  /** The section of package.json that makes a package a plugin. */
  readonly key: string;
  /** Package names or absolute folders that are named one by one. */
  readonly explicit?: readonly string[];
  /** Folders whose sub-folders (and scoped sub-folders) are packages. */
  readonly folders?: readonly string[];
  /** The folder of the package whose dependencies are looked through. */
  readonly dependenciesOf?: string;
}

/** Reads the manifests of all packages in these places that are plugins. Runs none of their code. */
export async function discover(places: Places): Promise<(Manifest | BadManifest)[]> {
  const found: (Manifest | BadManifest)[] = [];
  const names = new Set<string>();
  for (const folder of await candidates(places)) {
    const manifest = await readManifest(folder, places.key);
    if (manifest === undefined || names.has(manifest.name)) continue;
    names.add(manifest.name);
    found.push(manifest);
  }
  return found;
}

async function candidates(places: Places): Promise<string[]> {
  const root = places.dependenciesOf;
  const named = places.explicit ?? [];
  const dependencies = root === undefined ? [] : await dependencyNames(root);
  const all = [
    ...(await Promise.all(named.map((name) => (isAbsolute(name) ? name : packageFolder(name, root ?? process.cwd()))))),
    ...(await Promise.all((places.folders ?? []).map(packagesIn))).flat(),
    ...(root === undefined ? [] : await Promise.all(dependencies.map((name) => packageFolder(name, root)))),
  ];
  return all.filter((folder) => folder !== undefined);
}

async function dependencyNames(folder: string): Promise<string[]> {
  const json = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Record<
    string,
    Record<string, string> | undefined
  >;
  return [...Object.keys(json.dependencies ?? {}), ...Object.keys(json.optionalDependencies ?? {})];
}

/** The folder that `import name` would use from `from`: the nearest node_modules upwards that has it. */
async function packageFolder(name: string, from: string): Promise<string | undefined> {
  for (let at = from; ; at = dirname(at)) {
    try {
      return await realpath(join(at, "node_modules", name));
    } catch {
      if (at === dirname(at)) return undefined;
    }
  }
}

async function packagesIn(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch {
    return [];
  }
  const nested = await Promise.all(
    names.map((name) => (name.startsWith("@") ? packagesIn(join(folder, name)) : [join(folder, name)])),
  );
  return nested.flat();
}
