import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import { type Outcome, runCommand } from "./harness/command.js";
import { project } from "./harness/project.js";

const PACKAGES = ["core", "sdk", "daemon", "cli", "test", "plugins/qemu", "plugins/test"];

/** Runs one of the project's scripts on a small tree that has our packages, the given files, and nothing else. */
async function onTree(
  script: string,
  files: Readonly<Record<string, string>>,
  look: (outcome: Outcome, root: string) => Promise<void> | void,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "tree-"));
  try {
    const manifests = PACKAGES.map((folder) => [
      `${folder}/package.json`,
      JSON.stringify({ name: `@polyvisor/${folder === "test" ? "system-tests" : folder.replace("plugins/", "")}` }),
    ]);
    for (const [path = "", text = ""] of [...manifests, ...Object.entries(files)]) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    await look(await runCommand(process.execPath, [join(project, "scripts", script), root]), root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

const SOUND = {
  "core/src/index.ts": 'import { readFile } from "node:fs/promises";\nexport * from "./other.js";\n',
  "sdk/src/conf/index.ts": 'import { VirtError } from "@polyvisor/core";\nimport { x } from "../xml/index.js";\n',
  "plugins/qemu/src/index.ts": 'import { parse } from "@polyvisor/sdk/conf";\n// import "@polyvisor/test";\n',
  "daemon/src/main.ts": 'import "@polyvisor/core";\nconst late = await import("@polyvisor/sdk/rpc");\n',
  "test/src/a.ts": 'import test from "ava";\n',
};

const WRONG: readonly (readonly [folder: string, code: string, complaint: RegExp])[] = [
  ["core", 'import { a } from "@polyvisor/sdk/conf";', /:1: .*core may import no package of ours$/],
  ["core", 'import saxes from "saxes";', /the core knows no XML/],
  ["core", 'import "@polyvisor/test";', /core may import no package of ours/],
  ["core", 'export * from "../../sdk/src/conf/index.js";', /leaves its package/],
  ["sdk", 'import type {\n  A,\n} from "@polyvisor/daemon";', /:3: .*sdk may import @polyvisor\/core$/],
  [
    "plugins/qemu",
    'const a = await import("@polyvisor/test");',
    /plugins\/qemu may import @polyvisor\/core, @polyvisor\/sdk/,
  ],
  ["plugins/qemu", 'import "../../test/dist/index.js";', /leaves its package/],
  ["plugins/test", 'import { Daemon } from "@polyvisor/daemon";', /may import/],
  ["daemon", 'import "@polyvisor/qemu";', /daemon may import/],
  ["cli", 'export { a } from "@polyvisor/daemon";', /cli may import/],
  ["test", 'import "@polyvisor/cli";', /test may import/],
];

test("the lint of imports lets imports point down", (t) =>
  onTree("lint-imports.mjs", SOUND, ({ code, stderr }) => {
    t.is(stderr, "");
    t.is(code, 0);
  }));

test("the lint of imports finds every import that points up or aside", (t) => {
  const at = ([folder]: (typeof WRONG)[number], index: number) => `${folder}/src/bad${index}.ts`;
  const bad = Object.fromEntries(WRONG.map((wrong, index) => [at(wrong, index), wrong[1]]));
  return onTree("lint-imports.mjs", { ...SOUND, ...bad }, ({ code, stderr }) => {
    t.is(code, 1);
    const complaints = stderr.trim().split("\n");
    t.is(complaints.length, WRONG.length, stderr);
    for (const [index, wrong] of WRONG.entries()) {
      const complaint = complaints.find((line) => line.startsWith(at(wrong, index)));
      t.regex(complaint ?? "no complaint", wrong[2], wrong[1]);
    }
  });
});

test("the lint of imports does not pass a tree without sources", (t) =>
  onTree("lint-imports.mjs", {}, ({ code }) => {
    t.is(code, 1);
  }));

const allow = (exceptions: unknown) => ({ "scripts/lint-sync-allow.json": JSON.stringify(exceptions) });
const READS = 'import { readFileSync } from "node:fs";\nreadFileSync("/proc/stat");\n';
const MAKES = "await mkdir(path, 0o700);\nawait mkdir(dirname(path), { mode: 0o700, recursive: true });\n";
const EXCEPTION = { file: "sdk/src/procfs.ts", names: ["readFileSync"], reason: "procfs is memory" };

test("the lint of blocking calls finds them, and native code", async (t) => {
  const files = {
    "sdk/src/procfs.ts": READS,
    "daemon/src/a.ts": 'const xml = require("libxmljs2"); // statSync\n',
    "core/src/a.ts": MAKES,
  };
  await onTree("lint-sync.mjs", { ...files, ...allow([]) }, ({ code, stderr }) => {
    t.is(code, 1);
    t.deepEqual(stderr.trim().split("\n"), [
      "core/src/a.ts:2: mkdir with recursive may block the event loop",
      "sdk/src/procfs.ts:1: readFileSync may block the event loop",
      "sdk/src/procfs.ts:2: readFileSync may block the event loop",
      "daemon/src/a.ts:1: libxmljs2 may block the event loop",
    ]);
  });
});

test("the lint of blocking calls takes exceptions with a reason, where something needs them", async (t) => {
  const files = { "sdk/src/procfs.ts": READS, "sdk/src/a.test.ts": "statSync()", "cli/src/a.ts": "statSync()" };
  await onTree("lint-sync.mjs", { ...files, ...allow([EXCEPTION]) }, ({ code, stderr }) => {
    t.is(stderr, "");
    t.is(code, 0);
  });
  const cases = [
    [{ ...EXCEPTION, reason: "" }, /an exception needs a reason/],
    [{ ...EXCEPTION, names: ["readFileSync", "statSync"] }, /nothing needs: sdk\/src\/procfs\.ts statSync/],
  ] as const;
  for (const [exception, complaint] of cases) {
    await onTree("lint-sync.mjs", { ...files, ...allow([exception]) }, ({ code, stderr }) => {
      t.is(code, 1);
      t.regex(stderr, complaint);
    });
  }
});

test("what was built from sources that are gone is deleted, and nothing else", (t) =>
  onTree(
    "prune-dist.mjs",
    {
      "sdk/src/kept.ts": "",
      "sdk/dist/kept.js": "",
      "sdk/dist/kept.d.ts.map": "",
      "sdk/dist/gone.test.js": "",
      "sdk/dist/gone.test.d.ts": "",
      "sdk/dist/old/gone.js.map": "",
      "sdk/dist/.tsbuildinfo": "{}",
      "plugins/qemu/dist/gone.js": "",
    },
    async ({ code }, root) => {
      t.is(code, 0);
      t.deepEqual((await readdir(join(root, "sdk/dist"))).sort(), [".tsbuildinfo", "kept.d.ts.map", "kept.js", "old"]);
      t.deepEqual(await readdir(join(root, "sdk/dist/old")), []);
      t.deepEqual(await readdir(join(root, "plugins/qemu/dist")), []);
    },
  ));
