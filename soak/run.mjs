// `npm run soak -- NAME [options]`: treats the daemon badly for as long as one likes, and tells what came of it.
// Exit codes: 0 passed, 1 faults were found, 2 a command line that cannot be meant.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { parseArgs } from "node:util";
import { tell } from "./lib/report.mjs";

const NAMES = [
  "frames",
  "qmp",
  "kill",
  "xml",
  "locks",
  "leases",
  "labels",
  "unplug",
  "logs",
  "sanlock",
  "lockd",
  "chains",
  "lxc",
  "variants",
];

const COMMON = {
  seed: { type: "string" },
  json: { type: "string" },
  "no-build": { type: "boolean", default: false },
};

const COMMON_USAGE = `every soak:
  --seed TEXT   the same text makes the same attacks; by default it is drawn, and printed
  --json FILE   writes all figures there
  --no-build    uses what has been built before`;

// A call that an attack happens to reach has not been tested by that.
delete process.env.POLYVISOR_CALLS;

const [name, ...args] = process.argv.slice(2);
const soak = await load(name);
const { values } = read(soak, args);
const seed = values.seed ?? Math.random().toString(36).slice(2, 10);
if (!values["no-build"]) await build();
console.log(`soak ${name}, seed ${seed}`);
const report = await soak.run({ values, seed, log: console.log });
await tell({ name, seed, ...report }, values.json);
// A fault may leave attackers behind that would keep this program.
process.exit(report.faults.length === 0 ? 0 : 1);

async function load(wanted) {
  const present = [];
  for (const known of NAMES) {
    const there = await access(new URL(`${known}.mjs`, import.meta.url)).then(
      () => true,
      () => false,
    );
    if (there) present.push(known);
  }
  if (present.includes(wanted)) return import(`./${wanted}.mjs`);
  return misuse(`choose one of ${present.join(", ")}`);
}

function read({ options, usage }, given) {
  try {
    return parseArgs({ args: given, options: { ...COMMON, ...options } });
  } catch (error) {
    return misuse(`${error.message}\n${usage}\n${COMMON_USAGE}`);
  }
}

function misuse(words) {
  console.error(`npm run soak -- NAME [options]: ${words}`);
  process.exit(2);
}

async function build() {
  const npm = spawn("npm", ["run", "--silent", "build"], { cwd: new URL("..", import.meta.url), stdio: "inherit" });
  const [code] = await once(npm, "exit");
  if (code !== 0) process.exit(1);
}
