// Part of `npm run lint`: imports point down only. daemon and cli use sdk and core; plugins use sdk and core; sdk uses core;
// core uses no XML library. Packages meet by name, never through each other's folders.
// `node scripts/lint-imports.mjs [FOLDER]`: prints one line for each import that breaks a rule, and exits 1.
import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { importsOf, packageFolders, readSources } from "./lib/sources.mjs";

const CORE = "@polyvisor/core";
const SDK = "@polyvisor/sdk";
const XML_LIBRARY = /xml|sax|xpath/i;

/** The packages of ours that the sources of a folder may import. */
function allowed(folder) {
  if (folder === "core") return [];
  if (folder === "sdk") return [CORE];
  return [CORE, SDK];
}

/** Why an import is wrong, or undefined. */
function fault({ file, folder }, specifier) {
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(file), specifier);
    return target.startsWith(`${folder}/`) ? undefined : "leaves its package";
  }
  if (specifier.startsWith("/") || specifier.startsWith("file:")) return "is not relative";
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  if (folder === "core" && XML_LIBRARY.test(name)) return "is an XML library: the core knows no XML";
  if (!ours.has(name) || allowed(folder).includes(name)) return undefined;
  return `${folder} may import ${allowed(folder).join(", ") || "no package of ours"}`;
}

const root = process.argv[2] ?? new URL("..", import.meta.url).pathname;
const ours = new Set();
for (const folder of await packageFolders(root)) {
  ours.add(JSON.parse(await readFile(join(root, folder, "package.json"), "utf8")).name);
}

const sources = await readSources(root);
let faults = 0;
for (const source of sources) {
  for (const { specifier, line } of importsOf(source.code)) {
    const why = fault(source, specifier);
    if (why === undefined) continue;
    faults++;
    console.error(`${source.file}:${line}: import of "${specifier}": ${why}`);
  }
}
// A lint that finds no sources proves nothing.
if (sources.length === 0) console.error(`${root}: no sources`);
process.exitCode = faults > 0 || sources.length === 0 ? 1 : 0;
