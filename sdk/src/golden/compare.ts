import type { GoldenCase, GoldenFiles } from "./case.js";

/** An output that is not what the data says. */
export class GoldenDifference extends Error {
  readonly expected: string;
  readonly actual: string;

  constructor(expected: string, actual: string) {
    super(`differs from the expected output${firstDifference(expected, actual)}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** Lines that a backslash continues are joined in the file; a newline at its end need not be in the output. */
export function expectUnwrapped(files: GoldenFiles, expected: string | null, actual: string): void {
  expectText(files.text(expected).replaceAll("\\\n", ""), actual, true);
}

/** The file as it is; a newline at its end need not be in the output. */
export function expectLiteral(files: GoldenFiles, expected: string | null, actual: string): void {
  expectText(files.text(expected), actual, true);
}

/** Byte for byte, but that lines which a backslash continues are joined in the file. */
export function expectExact(files: GoldenFiles, expected: string | null, actual: string): void {
  expectText(files.text(expected).replaceAll("\\\n", ""), actual, false);
}

/** Runs what must fail where the row says so, and what must not fail otherwise; gives back the output, if there is one. */
export async function expectMode<T>(row: GoldenCase, work: () => T | Promise<T>): Promise<T | undefined> {
  if (row.mode === "ok") return work();
  try {
    await work();
  } catch {
    return undefined;
  }
  throw new Error("must fail, but did not");
}

function expectText(expected: string, actual: string, mendsEnd: boolean): void {
  const text = mendsEnd && expected.endsWith("\n") && !actual.endsWith("\n") ? `${actual}\n` : actual;
  if (text !== expected) throw new GoldenDifference(expected, text);
}

function firstDifference(expected: string, actual: string): string {
  const wanted = expected.split("\n");
  const got = actual.split("\n");
  const index = wanted.findIndex((line, i) => line !== got[i]);
  const at = index === -1 ? wanted.length : index;
  return ` at line ${at + 1}: ${JSON.stringify(got[at] ?? "(end)")}, expected ${JSON.stringify(wanted[at] ?? "(end)")}`;
}
