import { execFile, spawn } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = new URL("../..", import.meta.url).pathname;

/** Puts into dom0's /polyvisor what somebody has who installs the daemon. */
export async function copyProject(dom0) {
  const options = ["--omit=dev", "--omit=optional", "--all", "--parseable"];
  const { stdout } = await run("npm", ["ls", "--workspace=daemon", ...options], { cwd: root }).catch((error) => error);
  const installed = stdout.split("\n").filter((path) => path.includes("/node_modules/"));
  const folders = installed.map((path) => relative(root, path));
  const ours = folders.filter((path) => path.startsWith("node_modules/@polyvisor/"));
  const packed = [...folders, ...(await Promise.all(ours.map(publishedOf))).flat()];
  const leave = ["*.map", "*.d.ts", "*.test.js"].map((each) => `--exclude=${each}`);
  const tar = ["tar", "-C", root, ...leave, "-czf", "-", ...packed];
  const ssh = ["ssh", ...dom0.sshWords("mkdir -p /polyvisor && tar -C /polyvisor -xzf -")];
  const script = [tar, ssh].map((words) => words.map((word) => `'${word}'`).join(" ")).join(" | ");
  const child = spawn("sh", ["-c", script], { stdio: "inherit" });
  const status = await new Promise((resolve) => child.once("close", resolve));
  if (status !== 0) throw new Error("the programs could not be put into dom0");
}

/** The files of a package of ours, which the tree keeps elsewhere. */
async function publishedOf(link) {
  const real = relative(root, (await run("realpath", [join(root, link)])).stdout.trim());
  const { files } = JSON.parse(await readFile(join(root, real, "package.json"), "utf8"));
  const wanted = ["package.json", ...files.filter((each) => !each.startsWith("!"))];
  const there = await Promise.all(
    wanted.map((each) =>
      access(join(root, real, each)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return wanted.filter((_, index) => there[index]).map((each) => join(real, each));
}
