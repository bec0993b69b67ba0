// `npm run on-node -- 22`: the whole of `npm test`, in a clone of its own, on another line of Node.
import { mkdir, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { bringNodes, FURTHER_NODES, nodeOf } from "./lib/node-versions.mjs";
import { run } from "./lib/run.mjs";

const project = new URL("..", import.meta.url).pathname;
const major = Number(process.argv[2]);
if (!FURTHER_NODES.includes(major)) {
  console.error(`npm run on-node -- MAJOR: choose one of ${FURTHER_NODES.join(", ")}`);
  process.exit(2);
}

await bringNodes(project);
const clone = join(project, ".cache", `on-node-${major}`);
await rm(clone, { recursive: true, force: true });
await mkdir(dirname(clone), { recursive: true });
await run("git", ["clone", "--quiet", project, clone]);
const env = { ...process.env, PATH: [dirname(nodeOf(project, major)), process.env.PATH].join(delimiter) };
const { code } = await run("npm", ["test"], { cwd: clone, env });
process.exitCode = code;
