import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Programs of this package that a bundle has too. */
export type ProgramName = "polyvisord" | "polyvisor-plugin" | "virt-ssh-helper";

/** `bundle.json`, which scripts/bundle.mjs writes last. */
export interface BundleRecord {
  /** The file of each program, beside `bundle.json`. */
  readonly programs: Readonly<Record<ProgramName, string>>;
  /** The version of each package that the bundle was made of, this one among them, by name. */
  readonly packages: Readonly<Record<string, string>>;
}

/** Where a program's code is: a module with a function `run`. */
export interface Program {
  readonly url: string;
  /** What `run` of a bundle is given: the folders of the packages that it was made of, by name. */
  readonly folders: Readonly<Record<string, string>> | undefined;
}

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

/** The module of each program, in this package; scripts/bundle.mjs reads it, too. */
export const MODULES: Readonly<Record<ProgramName, string>> = {
  polyvisord: "dist/main.js",
  "polyvisor-plugin": "dist/isolation/child/main.js",
  "virt-ssh-helper": "dist/ssh-helper/main.js",
};

/** Runs a program: called by what is in `bin`, before anything else is loaded. */
export async function runProgram(name: ProgramName, packageFolder = PACKAGE): Promise<void> {
  const { url, folders } = programCode(name, packageFolder);
  const { run } = (await import(url)) as { readonly run: (folders?: Program["folders"]) => Promise<void> };
  await run(folders);
}

/**
 * Which code a program runs. A bundle starts in half the time of its modules and needs less memory. It counts only while each
 * package that it was made of is here in the same version, and was not built again since.
 */
export function programCode(name: ProgramName, packageFolder = PACKAGE): Program {
  const bundle = join(packageFolder, "bundle");
  const record = recordIn(bundle);
  const folders = record && foldersOf(record, packageFolder);
  if (record === undefined || folders === undefined)
    return { url: pathToFileURL(join(packageFolder, MODULES[name])).href, folders: undefined };
  return { url: pathToFileURL(join(bundle, record.programs[name])).href, folders };
}

interface Made extends BundleRecord {
  /** Milliseconds since 1970. */
  readonly at: number;
}

function recordIn(bundle: string): Made | undefined {
  const path = join(bundle, "bundle.json");
  const at = changeTime(path);
  return at === undefined ? undefined : { ...(JSON.parse(readFileSync(path, "utf8")) as BundleRecord), at };
}

/** `undefined` where a package is not what it was. */
function foldersOf({ packages, at }: Made, packageFolder: string): Record<string, string> | undefined {
  const folders: Record<string, string> = {};
  for (const [name, version] of Object.entries(packages)) {
    const folder = name === "@polyvisor/daemon" ? packageFolder : installed(name, packageFolder);
    if (folder === undefined || versionIn(folder) !== version || isBuiltSince(folder, at)) return undefined;
    folders[name] = folder;
  }
  return folders;
}

/** The folder that an import of the package from `from` would lead to. */
function installed(name: string, from: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, "node_modules", name);
    if (changeTime(folder) !== undefined) return realpathSync(folder);
    if (at === dirname(at)) return undefined;
  }
}

function versionIn(folder: string): unknown {
  return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly version?: unknown }).version;
}

/** The compiler leaves this file where it builds; a package as it is published does not have it. */
function isBuiltSince(folder: string, at: number): boolean {
  const built = changeTime(join(folder, "dist/.tsbuildinfo"));
  return built !== undefined && built > at;
}

function changeTime(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
