// The calls that tests saw answered: files `PLUGIN CALL` in .cache/calls, written by record-calls.mjs, and one more once all
// tests have run.
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const FOLDER = ".cache/calls";
const WHOLE = "whole";

/** Begins a record; returns the environment of processes that shall add to it. */
export async function startRecord(project, env) {
  const folder = join(project, FOLDER);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // Daemons of other users write here, too.
  await chmod(folder, 0o1777);
  const recorder = `--import=${new URL("record-calls.mjs", import.meta.url).href}`;
  return { ...env, POLYVISOR_CALLS: folder, NODE_OPTIONS: `${env.NODE_OPTIONS ?? ""} ${recorder}`.trim() };
}

/** All tests have run: what is not in the record was not answered. */
export function markWhole(project) {
  return writeFile(join(project, FOLDER, WHOLE), "");
}

/** The record of the last run: `calls` by plugin, and whether all tests had a part in it. */
export async function readRecord(project) {
  const names = await readdir(join(project, FOLDER)).catch(() => []);
  const answers = names.map((name) => name.split(" ")).filter(([, call]) => call !== undefined);
  const calls = Object.fromEntries(answers.map(([plugin]) => [plugin, []]));
  for (const [plugin, call] of answers) calls[plugin].push(call);
  return { calls, whole: names.includes(WHOLE) };
}
