import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** The folders of the packages below a tree: "core", "plugins/qemu" ... Those that are absent are left out. */
export async function packageFolders(root) {
  const many = await Promise.all(
    ["plugins", "examples"].map(async (folder) => (await names(join(root, folder))).map((name) => `${folder}/${name}`)),
  );
  const all = ["core", "sdk", "daemon", "cli", "test", ...many.flat()];
  const present = await Promise.all(
    all.map(async (folder) => (await names(join(root, folder))).includes("package.json")),
  );
  return all.filter((_, index) => present[index]);
}

/** The files below a folder, as paths relative to it, sorted; none where the folder is absent. */
export async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** The TypeScript sources of all packages: `file` relative to the root, `folder` that of its package, `code` without comments. */
export async function readSources(root) {
  const sources = [];
  for (const folder of await packageFolders(root)) {
    for (const name of await filesBelow(join(root, folder, "src"))) {
      if (!/\.c?ts$/.test(name)) continue;
      const file = `${folder}/src/${name}`;
      sources.push({ file, folder, code: withoutComments(await readFile(join(root, file), "utf8")) });
    }
  }
  return sources;
}

const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//;
const STRING = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/;
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"'\n]+)\1/;

/** Blanks comments and keeps lines, so that what a lint finds has its right place. Strings and templates stay as they are. */
export function withoutComments(code) {
  const token = new RegExp(`${COMMENT.source}|${STRING.source}`, "g");
  return code.replace(token, (text) => (text.startsWith("/") ? text.replace(/[^\n]/g, " ") : text));
}

/** What a source imports: the specifier and its line. An import that stands in a string is none. */
export function importsOf(code) {
  const found = [];
  const token = new RegExp(`${IMPORT.source}|${STRING.source}`, "g");
  for (const match of code.matchAll(token)) {
    if (match[2] !== undefined) found.push({ specifier: match[2], line: lineAt(code, match.index) });
  }
  return found;
}

export function lineAt(code, index) {
  return code.slice(0, index).split("\n").length;
}

async function names(folder) {
  return (await readdir(folder).catch(() => [])).sort();
}
