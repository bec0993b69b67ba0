#!/usr/bin/env node
// Runs libvirt's test data, or data of the same form, through our parsers and writers. Asked for by `npm run golden`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const USAGE = `usage: npm run golden -- --data DIR --manifest FILE [--suite NAME] [--json OUT] [--quiet]
  --data DIR       the folder to which the manifest's paths are relative
  --manifest FILE  the cases, a JSON list
  --suite NAME     only this suite; may be given again
  --case TEXT      only cases whose id or name has TEXT in it
  --json OUT       write {suite: {passed, failed, cases: {id: "ok" | "fail"}}} to OUT
  --quiet          the table only, no differences`;

const root = join(import.meta.dirname, "..");

/** The suites of the sdk, and of each plugin that has some. */
async function findSuites(golden) {
  const suites = [golden.sdkSuites];
  for (const plugin of readdirSync(join(root, "plugins"))) {
    const manifest = JSON.parse(readFileSync(join(root, "plugins", plugin, "package.json"), "utf8"));
    const entry = manifest.exports?.["./golden"]?.default;
    if (entry === undefined) continue;
    suites.push((await import(pathToFileURL(join(root, "plugins", plugin, entry)))).default);
  }
  return golden.joinSuites(suites);
}

function parseOptions() {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      manifest: { type: "string" },
      suite: { type: "string", multiple: true },
      case: { type: "string" },
      json: { type: "string" },
      quiet: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  return values;
}

function choose(rows, options) {
  const wanted = (row) =>
    (options.suite === undefined || options.suite.includes(row.suite)) &&
    (options.case === undefined || row.id.includes(options.case) || row.case.includes(options.case));
  const chosen = rows.filter(wanted);
  for (const name of options.suite ?? []) {
    if (!rows.some((row) => row.suite === name)) throw new Error(`the manifest has no suite ${name}`);
  }
  return chosen;
}

function printTable(results) {
  const lines = Object.entries(results).map(([name, { passed, failed }]) => [name, passed, failed, passed + failed]);
  const sum = (column) => lines.reduce((all, line) => all + line[column], 0);
  const table = [["suite", "passed", "failed", "of"], ...lines, ["all", sum(1), sum(2), sum(3)]];
  const width = Math.max(...table.map(([name]) => name.length));
  for (const [name, ...figures] of table) {
    console.log(name.padEnd(width), ...figures.map((figure) => String(figure).padStart(7)));
  }
}

async function main() {
  const options = parseOptions();
  if (options.help || options.data === undefined || options.manifest === undefined) {
    console.log(USAGE);
    process.exit(options.help ? 0 : 2);
  }
  const golden = await import(pathToFileURL(join(root, "sdk/dist/golden/index.js")));
  const rows = choose(JSON.parse(readFileSync(options.manifest, "utf8")), options);
  const results = await golden.runGolden(rows, options.data, await findSuites(golden), (failure) => {
    if (!options.quiet) console.log(`not ok ${golden.describeFailure(failure)}\n`);
  });
  printTable(results);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
  process.exit(Object.values(results).some(({ failed }) => failed > 0) ? 1 : 0);
}

main().catch((error) => {
  console.error(error.message);
  process.exit(2);
});
