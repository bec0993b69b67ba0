// Part of `npm run build`: deletes what was built from sources that are gone, so that no stale test runs.
// `node scripts/prune-dist.mjs [FOLDER]`
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { filesBelow, packageFolders } from "./lib/sources.mjs";

const BUILT = /\.(?:d\.)?(c?)(?:ts|js)(?:\.map)?$/;

const root = process.argv[2] ?? new URL("..", import.meta.url).pathname;
for (const folder of await packageFolders(root)) {
  const sources = new Set(await filesBelow(join(root, folder, "src")));
  for (const file of await filesBelow(join(root, folder, "dist"))) {
    if (!BUILT.test(file) || sources.has(file.replace(BUILT, ".$1ts"))) continue;
    await rm(join(root, folder, "dist", file));
  }
}
