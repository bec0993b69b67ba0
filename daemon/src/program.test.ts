import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { programCode } from "./program.js";

const BUNDLED_AT = new Date("2026-01-02");
const BEFORE = new Date("2026-01-01");
const AFTER = new Date("2026-01-03");

/** A tree as npm makes it: a daemon's package below node_modules, a package beside it, and a link to one elsewhere. */
async function makeTree(): Promise<{ root: string; daemon: string }> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "program-")));
  const daemon = join(root, "node_modules/@polyvisor/daemon");
  await put(join(daemon, "package.json"), { version: "1.0.0" });
  await put(join(root, "node_modules/@polyvisor/core/package.json"), { version: "1.1.0" });
  await put(join(root, "plugins/made/package.json"), { version: "1.2.0" });
  await symlink(join(root, "plugins/made"), join(root, "node_modules/@polyvisor/made"));
  await put(join(daemon, "bundle/bundle.json"), {
    programs: { polyvisord: "polyvisord-A.js", "polyvisor-plugin": "polyvisor-plugin-B.js" },
    packages: { "@polyvisor/core": "1.1.0", "@polyvisor/daemon": "1.0.0", "@polyvisor/made": "1.2.0" },
  });
  await utimes(join(daemon, "bundle/bundle.json"), BUNDLED_AT, BUNDLED_AT);
  return { root, daemon };
}

async function put(path: string, content: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(content));
}

async function build(folder: string, at: Date): Promise<void> {
  await put(join(folder, "dist/.tsbuildinfo"), {});
  await utimes(join(folder, "dist/.tsbuildinfo"), at, at);
}

const CASES: readonly {
  readonly name: string;
  readonly change: (root: string) => Promise<void>;
  readonly isBundle: boolean;
}[] = [
  { name: "as they were published", change: async () => {}, isBundle: true },
  { name: "built before", change: (root) => build(join(root, "plugins/made"), BEFORE), isBundle: true },
  { name: "one was built since", change: (root) => build(join(root, "plugins/made"), AFTER), isBundle: false },
  {
    name: "one is another version",
    change: (root) => put(join(root, "node_modules/@polyvisor/core/package.json"), { version: "1.1.1" }),
    isBundle: false,
  },
  { name: "one is gone", change: (root) => rm(join(root, "node_modules/@polyvisor/made")), isBundle: false },
  {
    name: "no bundle",
    change: (root) => rm(join(root, "node_modules/@polyvisor/daemon/bundle"), { recursive: true }),
    isBundle: false,
  },
];

for (const { name, change, isBundle } of CASES) {
  test(`packages ${name}: ${isBundle ? "the bundle" : "the modules"} of a program`, async (t) => {
    const { root, daemon } = await makeTree();
    t.teardown(() => rm(root, { recursive: true }));
    await change(root);
    const { url, folders } = programCode("polyvisord", daemon);
    t.is(fileURLToPath(url), join(daemon, isBundle ? "bundle/polyvisord-A.js" : "dist/main.js"));
    const core = join(root, "node_modules/@polyvisor/core");
    const expected = {
      "@polyvisor/core": core,
      "@polyvisor/daemon": daemon,
      "@polyvisor/made": join(root, "plugins/made"),
    };
    t.deepEqual(folders, isBundle ? expected : undefined);
  });
}

test("without a bundle the modules run, and find every plugin in order", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "program-"));
  t.teardown(() => rm(folder, { recursive: true }));
  await symlink(fileURLToPath(new URL("../dist", import.meta.url)), join(folder, "dist"));
  const call = `import(${JSON.stringify(new URL("program.js", import.meta.url))}).then(
    ({ runProgram }) => runProgram("polyvisord", ${JSON.stringify(folder)}))`;
  const node = ["-e", call, "polyvisord", "--root", join(folder, "root"), "--plugins"];
  const { stdout } = await promisify(execFile)(process.execPath, node);
  t.regex(stdout, /^test .* ok: domains in memory$/m);
  t.notRegex(stdout, /broken/);
});
