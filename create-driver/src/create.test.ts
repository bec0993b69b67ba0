import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";
import test from "ava";

const PROGRAM = fileURLToPath(new URL("../bin/create-driver.js", import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function create(cwd: string, ...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { cwd }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pvcreate-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

test("what cannot be meant is refused, and writes nothing", async (t) => {
  const folder = await folderOf(t);
  const table: [string[], number, RegExp][] = [
    [[], 2, /is no name for a driver/],
    [["Lamp"], 2, /"Lamp" is no name/],
    [["../lamp"], 2, /is no name/],
    [["lamp", "lantern"], 2, /"lamp lantern" is no name/],
    [["lamp", "--fast"], 2, /--fast/],
    [["lamp", "--tarballs", "."], 1, /no polyvisor-core-VERSION\.tgz/],
  ];
  for (const [args, code, words] of table) {
    const outcome = await create(folder, ...args);
    t.is(outcome.code, code, args.join(" "));
    t.regex(outcome.stderr, words);
  }
  t.deepEqual(await readdir(folder), []);
});

test("a driver has the name in its manifest, scheme and classes, and is never written over", async (t) => {
  const folder = await folderOf(t);
  t.regex((await create(folder, "lamp")).stdout, /cd polyvisor-lamp && npm install && npm test/);
  const files = (await readdir(join(folder, "polyvisor-lamp"), { recursive: true })).sort();
  t.deepEqual(
    files.filter((file) => file.includes(".")),
    ["README.md", "package.json", "src/conformance.test.ts", "src/guests.ts", "src/index.ts", "tsconfig.json"],
  );
  for (const file of files.filter((each) => each.includes(".")))
    t.notRegex(await readFile(join(folder, "polyvisor-lamp", file), "utf8"), /__/, file);
  t.regex(await readFile(join(folder, "polyvisor-lamp/src/index.ts"), "utf8"), /class LampDriver extends/);
  const again = await create(folder, "lamp");
  t.like(again, { code: 1, stdout: "" });
  t.regex(again.stderr, /is there already/);
});

test("in Polyvisor's own tree a driver becomes one of its plugins", async (t) => {
  const folder = await folderOf(t);
  await writeFile(join(folder, "package.json"), '{ "name": "polyvisor", "workspaces": ["plugins/*"] }');
  await mkdir(join(folder, "docs"));
  t.regex((await create(join(folder, "docs"), "lamp")).stdout, /^\.\.\/plugins\/lamp has a driver/);
  t.true((await readdir(join(folder, "plugins/lamp"))).includes("package.json"));
});
