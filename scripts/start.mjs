// `npm start`: installs and builds what is out of date, then runs the daemon in the foreground. Plain node, because at its
// start nothing is installed. What follows `--` goes to polyvisord: `npm start -- --root DIR`.
import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { constants } from "node:os";
import { run } from "./lib/run.mjs";

const project = new URL("..", import.meta.url).pathname;

if (await isOutdated()) await mustRun("npm", ["ci", "--include=dev", "--no-audit", "--no-fund"]);
await mustRun("npm", ["run", "--silent", "build"]);
await serve();

/** Whether packages are missing, or were installed for an older lock file. */
async function isOutdated() {
  const [installed, locked] = await Promise.all([
    stat(`${project}node_modules/.package-lock.json`).catch(() => undefined),
    stat(`${project}package-lock.json`),
  ]);
  return installed === undefined || installed.mtimeMs < locked.mtimeMs;
}

async function mustRun(command, args) {
  const { code } = await run(command, args, { cwd: project });
  if (code === 0) return;
  console.error(`${command} ${args.join(" ")} failed with exit code ${code}; the daemon is not started`);
  process.exit(1);
}

/** The daemon keeps the caller's folder, so that a relative `--root` means what it says. */
async function serve() {
  const daemon = spawn(process.execPath, [`${project}daemon/bin/polyvisord.js`, ...process.argv.slice(2)], {
    stdio: "inherit",
    cwd: process.env.INIT_CWD ?? process.cwd(),
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => daemon.kill(signal));
  daemon.once("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
