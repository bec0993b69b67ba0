// `npm test`: brings what the tests need, builds, lints, tests. Plain node, because at its start nothing is installed.
// What follows `--` goes to ava: `npm test -- 'core/dist/**/*.test.js'`.
// The last line is "N passed, N failed, N skipped".
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, readFile, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { install, isDebian, missingPackages, packageNames } from "./lib/debian.mjs";
import { bringNodes } from "./lib/node-versions.mjs";
import { markWhole, startRecord } from "./lib/record.mjs";
import { run } from "./lib/run.mjs";
import { TapReader } from "./lib/tap.mjs";

const project = new URL("..", import.meta.url).pathname;
process.chdir(project);

/** Optional modules are compiled where these are; without them npm leaves the modules out. */
const COMPILERS = ["g++", "make", "python3"];

/** About so many of the test files that run wait for something at any time. */
const WAITING = 2;

const skips = [];
let failedSteps = 0;
let compilersCame = false;
const tap = new TapReader({
  failed: (text) => console.log(`\n${text}\n`),
  skipped: (name) => skips.push(name),
});

const complete = await bringPackages();
const guestTools = await hasGuestTools();
// One waits for a compiler, the others for the network.
await Promise.all([
  step("npm ci", bringModules),
  guestTools && step("guest", async () => (await import("./guest.mjs")).makeGuest()),
  step("further Nodes", () => bringNodes(project)),
]);
if (await step("build", () => mustRun("npm", ["run", "--silent", "build"]))) {
  await step("lint", () => mustRun("npm", ["run", "--silent", "lint"]));
  await step("API reference", () => mustRun("node", ["scripts/api-reference.mjs", "--check"]));
  await step("contracts", async () => {
    await mustRun("node", ["scripts/api-reports.mjs", "--check"]);
    await mustRun("node", ["scripts/contract-pages.mjs", "--check"]);
  });
  await step("test", runTests);
  if (complete) await step("support matrix", () => mustRun("node", ["scripts/support-matrix.mjs", "--check"]));
}

for (const name of skips) console.log(`skipped: ${name}`);
const failed = tap.failed + failedSteps;
console.log(`\n${tap.passed} passed, ${failed} failed, ${tap.skipped} skipped`);
process.exitCode = failed > 0 || tap.passed === 0 ? 1 : 0;

/** One step with its duration; a failure is told, counted, and answered with false. */
async function step(name, work) {
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  console.log(`== ${name}`);
  try {
    await work();
    console.log(`== ${name}: done in ${seconds()}`);
    return true;
  } catch (error) {
    failedSteps++;
    console.log(`== ${name}: FAILED after ${seconds()}: ${error.message}`);
    return false;
  }
}

/** Installs what is missing where we may; true when every test can run. */
async function bringPackages() {
  const names = packageNames(await readFile(new URL("test-packages.txt", import.meta.url), "utf8"));
  if (!(await isDebian())) {
    console.log(`This is no Debian: tests skip by name where one of these is missing: ${names.join(" ")}`);
    return false;
  }
  const missing = await missingPackages(names);
  if (missing.length === 0) return true;
  if (process.getuid() !== 0) {
    console.log(`Not root: tests skip by name for want of: ${missing.join(" ")}`);
    return false;
  }
  compilersCame = COMPILERS.some((name) => missing.includes(name));
  return step(`apt-get install ${missing.join(" ")}`, () => install(missing));
}

async function bringModules() {
  const [installed, locked] = await Promise.all([
    stat("node_modules/.package-lock.json").catch(() => undefined),
    stat("package-lock.json"),
  ]);
  const current = installed !== undefined && installed.mtimeMs >= locked.mtimeMs;
  if (!current || compilersCame) await mustRun("npm", ["ci", "--silent"], { env: await compilingEnvironment() });
}

/** On all processors; where node came with its headers, modules are compiled with those, and none are fetched. */
async function compilingEnvironment() {
  const env = { JOBS: "max", ...process.env };
  const prefix = dirname(dirname(process.execPath));
  return access(join(prefix, "include/node/node_api.h")).then(
    () => ({ npm_config_nodedir: prefix, ...env }),
    () => env,
  );
}

async function hasGuestTools() {
  const { code } = await run("sh", ["-c", "command -v apt-get dpkg cpio gzip busybox"], { capture: true });
  return code === 0;
}

async function mustRun(command, args, options = {}) {
  const { code } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${code}`);
}

async function runTests() {
  const files = process.argv.slice(2);
  const env = await startRecord(project, process.env);
  const ava = spawn(
    process.execPath,
    ["node_modules/ava/entrypoints/cli.mjs", "--tap", `--concurrency=${availableParallelism() + WAITING}`, ...files],
    {
      stdio: ["ignore", "pipe", "inherit"],
      // With everything installed a test that misses a program fails: it may not skip itself.
      env: { ...env, ...(complete && process.getuid() === 0 ? { POLYVISOR_TEST_COMPLETE: "1" } : {}) },
    },
  );
  const ended = once(ava, "close");
  for await (const line of createInterface({ input: ava.stdout })) tap.line(line);
  tap.end();
  const [code] = await ended;
  if (code === 0 && files.length === 0 && tap.skipped === 0) await markWhole(project);
  // Ava fails without a failed test when it breaks down itself, or finds no test.
  if (code !== 0 && tap.failed === 0) throw new Error(`ava: exit code ${code}`);
}
