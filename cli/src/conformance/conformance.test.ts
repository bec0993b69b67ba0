import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const COMMAND = join(root, "cli/bin/polyvisor-conformance.js");

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], { cwd: root, timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

const TEST = ["--plugin", "plugins/test", "--uri", "test:///default"];
const LOG = ["log", "--plugin", "examples/log-file"];

const ROWS: readonly (readonly [what: string, args: readonly string[], code: number, says: RegExp])[] = [
  ["a plugin that conforms", LOG, 0, /^9 cases in .*: 9 passed, 0 failed, 0 known, 1 left out$/m],
  ["one kit of a driver behind a URI", ["nwfilter", ...TEST], 0, /^\d+ cases in .*, 0 failed, 0 known, 0 left out$/m],
  [
    "deviations that nobody has explained",
    ["network", ...TEST],
    1,
    /^failed: network: one that is off is not stopped/m,
  ],
  [
    "deviations that are explained",
    ["network", ...TEST, "--known", "docs/conformance/known-test-network.json"],
    0,
    /, 0 failed, 2 known, /,
  ],
  [
    "an explanation of nothing",
    [...LOG, "--known", "docs/conformance/known-test-storage.json"],
    1,
    /no longer so: pool/,
  ],
  ["some of the cases", [...LOG, "--only", "position"], 0, /^\d cases in .*: \d passed, 0 failed/m],
  [
    "a plugin that provides something else",
    ["lock", "--plugin", "examples/log-file"],
    1,
    /no plugin log-file provides/,
  ],
  ["a folder that is no plugin", ["lock", "--plugin", "docs"], 1, /provides lock\.v1/],
  ["a kit without its plugin", ["lock"], 2, /--plugin is missing/],
  ["a kit without its URI", ["network"], 2, /--uri is missing/],
  ["a kit that is not there", ["locks"], 2, /there is no kit locks/],
];

for (const [what, args, code, says] of ROWS)
  test.serial(`the command judges ${what}`, async (t) => {
    const { stdout, stderr, ...ran } = await run(...args);
    t.is(ran.code, code, stdout + stderr);
    t.regex(stdout + stderr, says);
  });

test.serial("a report goes to files, for machines and for people", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-report-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const [json, markdown] = [join(folder, "report.json"), join(folder, "report.md")];
  await run(...LOG, "--json", json, "--markdown", markdown, "--title", "the file log");
  const report = JSON.parse(await readFile(json, "utf8")) as Readonly<Record<string, unknown>>;
  t.like(report, { contract: "log.v1", subject: "the file log", ok: true, passed: 9, leftOut: 1 });
  t.regex(await readFile(markdown, "utf8"), /^# Conformance of the file log$/m);
});
