// By hand: does the README's first command work on what is committed? Clones HEAD into a temporary folder, runs
// `npm start -- --root DIR` there, lists the domains of the test driver through it, and removes everything.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { output } from "./lib/run.mjs";

const project = new URL("..", import.meta.url).pathname;
const folder = await mkdtemp(join(tmpdir(), "fresh-clone-"));
const [tree, root] = [join(folder, "tree"), join(folder, "root")];
try {
  await output("git", ["clone", "--quiet", project, tree]);
  const daemon = spawn("npm", ["start", "--", "--root", root], { cwd: tree, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(daemon, "exit");
  await hears(daemon.stdout, join(root, "run/libvirt/libvirt-sock"));
  const list = ["--no-install", "polyvisor", "--root", root, "-c", "test:///default", "list", "--all"];
  process.stdout.write(await output("npx", list, { cwd: tree }));
  daemon.kill("SIGTERM");
  await exited;
  console.log("a fresh clone starts and serves");
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Passes on what a stream says until it has said a text. */
function hears(stream, text) {
  return new Promise((resolve, reject) => {
    let said = "";
    stream.setEncoding("utf8").on("data", (chunk) => {
      process.stdout.write(chunk);
      said += chunk;
      if (said.includes(text)) resolve();
    });
    stream.once("end", () => reject(new Error("npm start ended before it served")));
  });
}
