// Managers that label the same files are killed at any moment: each file goes back to its owner, and no count is wrong.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { LabelTransactions } from "@polyvisor/sdk/labels";

const LABELLER = fileURLToPath(new URL("labeller.mjs", import.meta.url));
const FILES = 6;
const run = promisify(execFile);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Answers what is wrong after each of `rounds`; `random` gives numbers below 1. */
export async function killLabellers({ root, rounds, random, log }) {
  const files = await makeFiles(root);
  const folder = join(root, "journals");
  for (let round = 1; round <= rounds; round++) {
    const killed = startLabeller(folder, "killed", files);
    const steady = startLabeller(folder, "steady", [...files].reverse());
    await Promise.all([once(killed.stdout, "data"), once(steady.stdout, "data")]);
    await delay(50 + random() * 150);
    await end(killed, () => killed.kill("SIGKILL"));
    await putBack(folder, "killed");
    await end(steady, () => steady.stdin.end());
    await putBack(folder, "steady");
    const wrong = (await Promise.all(files.map(wrongWith))).flat();
    if (wrong.length > 0) return wrong.map((words) => `round ${round}: ${words}`);
    if (round % 20 === 0) log(`${round} labellers were killed`);
  }
  return [];
}

async function makeFiles(root) {
  const folder = join(root, "files");
  await mkdir(folder);
  const files = Array.from({ length: FILES }, (_, at) => join(folder, `file-${at}`));
  for (const file of files) {
    await writeFile(file, "x", { mode: 0o600 });
    await chown(file, 1000, 1001);
  }
  return files;
}

function startLabeller(folder, guest, files) {
  return spawn(process.execPath, [LABELLER, folder, guest, ...files], { stdio: ["pipe", "pipe", "inherit"] });
}

async function end(child, ask) {
  const gone = once(child, "exit");
  ask();
  await gone;
}

async function putBack(folder, guest) {
  const labels = new LabelTransactions({ model: "dac", folder, log: quiet });
  await labels.restore(guest);
  labels.close();
}

async function wrongWith(file) {
  const { uid, gid } = await stat(file);
  const { stdout } = await run("getfattr", ["-d", "-m", "^trusted", "--absolute-names", "--", file]);
  return uid === 1000 && gid === 1001 && stdout === "" ? [] : [`${file} is of ${uid}:${gid}, with ${stdout}`];
}
