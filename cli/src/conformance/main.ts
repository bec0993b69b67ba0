import { readFile, writeFile } from "node:fs/promises";
import { createHost } from "@polyvisor/core";
import {
  type CaseResult,
  type HypervisorProfile,
  judge,
  judgePlugin,
  ofPlugin,
  type Report,
  readKnown,
  subjectOfHost,
  toMarkdown,
} from "@polyvisor/sdk/conformance";
import { describe, UsageError } from "../errors.js";
import { PACKAGE_FOLDER, packageVersion } from "../package.js";
import { readWish, type Wish } from "./command-line.js";

/** Exit codes: 1 where something failed that nobody has explained, 2 for a command line that cannot be meant. */
const EXIT = { FAILED: 1, USAGE: 2 } as const;

const print = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const wish = readWish(process.argv, await packageVersion());
  if (wish === undefined) return;
  const report = await run(wish);
  if (wish.json !== undefined) await writeFile(wish.json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (wish.markdown !== undefined) await writeFile(wish.markdown, toMarkdown(report));
  tell(report);
  if (!report.ok) process.exitCode = EXIT.FAILED;
}

async function run({ target, only, title, ...files }: Wish): Promise<Report> {
  const known = files.known === undefined ? [] : await readKnown(files.known);
  const profile = files.profile === undefined ? {} : await readProfile(files.profile);
  const options = {
    profile,
    known,
    ...(only === undefined ? {} : { only: ({ name }: { readonly name: string }) => only.test(name) }),
    onResult: tellFailure,
  };
  if ("service" in target)
    return judgePlugin(target.service, target.plugin, { ...options, title: title ?? target.plugin });
  const { kit, uri, plugin } = target;
  const subject =
    plugin === undefined
      ? subjectOfHost(await createHost({ dependenciesOf: PACKAGE_FOLDER }), uri)
      : await ofPlugin(plugin, uri);
  try {
    return await judge(kit, subject, { ...options, title: title ?? uri });
  } finally {
    await subject.close();
  }
}

async function readProfile(path: string): Promise<HypervisorProfile> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as HypervisorProfile;
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
}

function tellFailure({ outcome, name, says }: CaseResult): void {
  if (outcome === "failed") print(`failed: ${name}\n        ${says}`);
}

function tell(report: Report): void {
  for (const name of report.stale) print(`known, but no longer so: ${name}`);
  const { cases, passed, failed, known, leftOut, claimed, unclaimed, milliseconds } = report;
  print(`${claimed.length} calls are claimed, ${unclaimed.length} are not`);
  print(
    `${cases} cases in ${(milliseconds / 1000).toFixed(1)} s: ${passed} passed, ${failed} failed, ${known} known, ${leftOut} left out`,
  );
}

await main().catch((error: unknown) => {
  const isUsage = error instanceof UsageError;
  const words = isUsage ? `polyvisor-conformance: ${error.message}\nhint: --help shows what there is` : describe(error);
  process.stderr.write(`${words}\n`);
  process.exitCode = isUsage ? EXIT.USAGE : EXIT.FAILED;
});
