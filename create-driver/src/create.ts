import { access, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { fill, type Names } from "./names.js";
import { packageJson, type Sources } from "./package-json.js";

const TEMPLATE = fileURLToPath(new URL("../template", import.meta.url));

/** What a person may mend. */
export class CreateError extends Error {}

export interface CreateOptions {
  readonly names: Names;
  /** Where the new folder is made. */
  readonly folder: string;
  /** A folder with the tarballs that `npm pack` made of core and sdk; from the registry where left out. */
  readonly tarballs?: string;
}

/** Writes the package; answers with its folder. Throws a `CreateError` where something is there already. */
export async function createDriver({ names, folder, tarballs }: CreateOptions): Promise<string> {
  const workspace = await workspaceAround(folder);
  const target =
    workspace === undefined ? join(folder, `polyvisor-${names.scheme}`) : join(workspace, "plugins", names.scheme);
  if (await exists(target)) throw new CreateError(`${target} is there already: choose another name, or remove it`);
  const sources = tarballs === undefined ? FROM_REGISTRY : await fromTarballs(resolve(tarballs));
  await mkdir(target, { recursive: true });
  const json = packageJson(names, sources, workspace !== undefined);
  await writeFile(join(target, "package.json"), `${JSON.stringify(json, undefined, 2)}\n`);
  for (const file of (await readdir(TEMPLATE, { recursive: true, withFileTypes: true })).filter((each) =>
    each.isFile(),
  )) {
    const path = join(file.parentPath, file.name);
    const to = join(target, path.slice(TEMPLATE.length + 1));
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, fill(await readFile(path, "utf8"), names));
  }
  return target;
}

const FROM_REGISTRY: Sources = { "@polyvisor/core": "^0.1.0", "@polyvisor/sdk": "^0.1.0" };

async function fromTarballs(folder: string): Promise<Sources> {
  const files = await readdir(folder);
  const find = (name: string) => {
    const file = files.find((each) => new RegExp(`^polyvisor-${name}-\\d.*\\.tgz$`).test(each));
    if (file === undefined) throw new CreateError(`${folder} has no polyvisor-${name}-VERSION.tgz: npm pack makes it`);
    return `file:${join(folder, file)}`;
  };
  return { "@polyvisor/core": find("core"), "@polyvisor/sdk": find("sdk") };
}

/** The root of Polyvisor's own tree, where we are in it: a driver that is made there becomes one of its plugins. */
async function workspaceAround(folder: string): Promise<string | undefined> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const text = await readFile(join(at, "package.json"), "utf8").catch(() => "{}");
    const { name, workspaces } = JSON.parse(text) as { name?: string; workspaces?: readonly string[] };
    if (name === "polyvisor" && workspaces?.includes("plugins/*")) return at;
    if (at === dirname(at)) return undefined;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
