import { type GoldenCase, GoldenFiles, type GoldenRun, type GoldenSuites } from "./case.js";
import { GoldenDifference } from "./compare.js";

export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  /** By the id of the case. */
  readonly cases: Readonly<Record<string, "ok" | "fail">>;
}

export interface Failure {
  readonly row: GoldenCase;
  readonly error: Error;
}

/** Runs the rows, suite by suite and in their order. A row that no suite can run has failed. */
export async function runGolden(
  rows: readonly GoldenCase[],
  root: string,
  suites: GoldenSuites,
  onFailure: (failure: Failure) => void,
): Promise<Readonly<Record<string, SuiteResult>>> {
  const files = new GoldenFiles(root);
  const results: Record<string, SuiteResult> = {};
  for (const name of new Set(rows.map((row) => row.suite))) {
    const run = suites[name]?.() ?? unknownSuite;
    const cases: Record<string, "ok" | "fail"> = {};
    for (const row of rows.filter((each) => each.suite === name)) {
      const error = await outcome(run, row, files);
      cases[row.id] = error === undefined ? "ok" : "fail";
      if (error !== undefined) onFailure({ row, error });
    }
    const passed = Object.values(cases).filter((result) => result === "ok").length;
    results[name] = { passed, failed: Object.keys(cases).length - passed, cases };
  }
  return results;
}

async function outcome(run: GoldenRun, row: GoldenCase, files: GoldenFiles): Promise<Error | undefined> {
  try {
    await run(row, files);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function unknownSuite(row: GoldenCase): never {
  throw new Error(`no package has the suite ${row.suite}`);
}

/** The lines around each difference, as `diff` shows them; the error's own words where there is no output to compare. */
export function describeFailure({ row, error }: Failure): string {
  const head = `${row.id} ${row.case}: ${error.message}`;
  if (!(error instanceof GoldenDifference)) return head;
  const wanted = error.expected.split("\n");
  const got = error.actual.split("\n");
  const common = (a: readonly string[], b: readonly string[]): number => {
    const length = Math.min(a.length, b.length);
    let i = 0;
    while (i < length && a[i] === b[i]) i++;
    return i;
  };
  const start = common(wanted, got);
  const end = common(wanted.slice(start).reverse(), got.slice(start).reverse());
  const shown = (lines: readonly string[], sign: string) =>
    lines
      .slice(start, lines.length - end)
      .slice(0, 20)
      .map((line) => `${sign}${line}`);
  return [head, ...shown(wanted, "-"), ...shown(got, "+")].join("\n  ");
}
