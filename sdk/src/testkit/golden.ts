import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestFn } from "ava";
import { describeFailure, type GoldenCase, type GoldenSuites, runGolden } from "../golden/index.js";

/** libvirt's own test data, where somebody has put it beside the repository; it is no part of the project. */
export function goldenData(): string | undefined {
  const folder = join(
    process.env.POLYVISOR_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url)),
    "golden",
  );
  return existsSync(join(folder, "manifest.json")) ? folder : undefined;
}

/** The cases of a data folder. */
export function goldenCases(folder: string): readonly GoldenCase[] {
  return JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
}

/**
 * Registers a test for each suite over the package's own data in `fixtures`, and one over libvirt's, which is skipped where that
 * is not there. Every case must pass, but for those of libvirt's whose names fit one of `open`.
 */
export function testGoldenSuites(
  test: TestFn,
  suites: GoldenSuites,
  fixtures: URL,
  open: readonly RegExp[] = [],
): void {
  register(test, suites, fileURLToPath(fixtures), "own data");
  const data = goldenData();
  if (data !== undefined) register(test, suites, data, "libvirt's data", open);
  else
    for (const name of Object.keys(suites))
      test.skip(`golden suite ${name}: libvirt's data is not here`, (t) => t.pass());
}

function register(
  test: TestFn,
  suites: GoldenSuites,
  folder: string,
  whose: string,
  open: readonly RegExp[] = [],
): void {
  const cases = goldenCases(folder).filter((row) => !open.some((name) => name.test(row.case)));
  for (const name of Object.keys(suites)) {
    const rows = cases.filter((row) => row.suite === name);
    if (rows.length === 0) continue;
    test(`golden suite ${name}: ${whose}`, async (t) => {
      const failures: string[] = [];
      await runGolden(rows, folder, suites, (failure) => failures.push(describeFailure(failure)));
      t.deepEqual(failures, []);
    });
  }
}
