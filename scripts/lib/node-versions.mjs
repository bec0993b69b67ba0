import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./run.mjs";

/** The lines of Node that must work beside the one that runs the tests. */
export const FURTHER_NODES = [22, 24];

/** Where a line's program is, once `bringNodes` has brought it. */
export const nodeOf = (project, major) => join(folderOf(project), "node_modules", `node-${major}`, "bin/node");

const folderOf = (project) => join(project, ".cache/nodes");

/** Fetches from npm the newest of each line that is not there yet, into the project's cache. */
export async function bringNodes(project) {
  const missing = [];
  for (const major of FURTHER_NODES) {
    const there = await access(nodeOf(project, major)).then(
      () => true,
      () => false,
    );
    if (!there) missing.push(`node-${major}@npm:node-${process.platform}-${process.arch}@${major}`);
  }
  if (missing.length === 0) return;
  await mkdir(folderOf(project), { recursive: true });
  await writeFile(join(folderOf(project), "package.json"), '{ "private": true }\n');
  const args = ["install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", ...missing];
  const { code } = await run("npm", args, { cwd: folderOf(project) });
  if (code !== 0) throw new Error(`npm ${args.join(" ")}: exit code ${code}`);
}
