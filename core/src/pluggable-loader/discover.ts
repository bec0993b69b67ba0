import { readdir, readFile, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { type BadManifest, isBad, type Manifest, readManifest, type SectionRules } from "./manifest.js";
import type { PluginProblem } from "./problem.js";

/** Where plugins are looked for, in this order. Earlier ones win where two plugins claim the same. */
export interface Places extends SectionRules {
  /** Package names or absolute folders that are named one by one: each has to be a plugin. */
  readonly explicit?: readonly string[];
  /** Folders whose sub-folders (and scoped sub-folders) are packages. */
  readonly folders?: readonly string[];
  /** The folder of the package whose dependencies are looked through. */
  readonly dependenciesOf?: string;
}

interface Candidate {
  readonly folder: string;
  /** How it was asked for by name; then it is a fault that it is no plugin. */
  readonly named?: string;
}

/** Reads the manifests of all packages in these places that are plugins, and runs none of their code. */
export async function discover(places: Places): Promise<(Manifest | BadManifest)[]> {
  const found: (Manifest | BadManifest)[] = [];
  const folders = new Set<string>();
  for (const candidate of await candidates(places)) {
    if ("problem" in candidate) {
      found.push(candidate);
      continue;
    }
    const { folder, named } = candidate;
    const real = await realpath(folder).catch(() => folder);
    if (folders.has(real)) continue;
    folders.add(real);
    const manifest = await readManifest(folder, places);
    if (manifest !== undefined) found.push(ownName(manifest, found));
    else if (named !== undefined)
      found.push(
        fault("PLUGIN_NOT_FOUND", named, folder, `no package.json with a section "${places.key}" in ${folder}`),
      );
  }
  return found;
}

/** The first of a name has it. */
function ownName(
  manifest: Manifest | BadManifest,
  before: readonly (Manifest | BadManifest)[],
): Manifest | BadManifest {
  const first = before.find((other) => !isBad(other) && other.name === manifest.name);
  if (first === undefined || isBad(manifest)) return manifest;
  return fault(
    "PLUGIN_NAME_TAKEN",
    manifest.name,
    manifest.folder,
    `${manifest.folder} is left out: the plugin in ${first.folder} has the same name and was found first`,
  );
}

async function candidates(places: Places): Promise<(Candidate | BadManifest)[]> {
  const root = places.dependenciesOf;
  const inFolders = await Promise.all((places.folders ?? []).map((folder) => packagesIn(folder)));
  const all = inFolders.flat();
  const dependencies = root === undefined ? [] : await dependencyNames(root);
  const folders = await Promise.all(dependencies.map((name) => packageFolder(name, root as string)));
  return [
    ...(await Promise.all((places.explicit ?? []).map((name) => candidateNamed(name, root ?? process.cwd(), all)))),
    ...all,
    ...folders.flatMap((folder) => (folder === undefined ? [] : [{ folder }])),
  ];
}

/** A package that was asked for by name: beside the host's own packages, or in a folder of plugins. */
async function candidateNamed(
  named: string,
  from: string,
  inFolders: readonly (Candidate | BadManifest)[],
): Promise<Candidate | BadManifest> {
  if (isAbsolute(named)) return { folder: named, named };
  const installed = await packageFolder(named, from);
  if (installed !== undefined) return { folder: installed, named };
  const there = inFolders.find((each) => !("problem" in each) && each.folder.endsWith(`/${named}`));
  return (
    there ??
    fault(
      "PLUGIN_NOT_FOUND",
      named,
      "",
      `no package ${named} in the node_modules of ${from} or above, nor in a folder of plugins`,
    )
  );
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

async function packagesIn(folder: string): Promise<(Candidate | BadManifest)[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isFile = code === "ENOTDIR" && folder.includes("/@");
    return isFile
      ? []
      : [fault("PLUGIN_FOLDER_UNREADABLE", folder, folder, `a folder of plugins cannot be read: ${message}`)];
  }
  const nested = await Promise.all(
    names.map((name) => (name.startsWith("@") ? packagesIn(join(folder, name)) : [{ folder: join(folder, name) }])),
  );
  return nested.flat();
}

function fault(problem: PluginProblem, name: string, folder: string, message: string): BadManifest {
  return { name, folder, problem, message };
}
