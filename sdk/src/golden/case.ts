import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One row of a manifest. Fields beyond these belong to its suite, which checks them with `field`. */
export interface GoldenCase {
  readonly id: string;
  readonly suite: string;
  readonly case: string;
  /** What must happen: the expected output, or a failure of the parser, or one of a later step. */
  readonly mode: "ok" | "parse-error" | "failure";
  /** Paths relative to the data folder. */
  readonly input: string | null;
  readonly expected: string | null;
  readonly extraInputs: readonly string[];
  readonly extraExpected: readonly string[];
  readonly [field: string]: unknown;
}

/** The data folder. */
export class GoldenFiles {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** The absolute path of one that the manifest names. Fails where the manifest names none. */
  path(relative: string | null | undefined): string {
    if (typeof relative !== "string") throw new Error("the manifest names no file here");
    return join(this.root, relative);
  }

  text(relative: string | null | undefined): string {
    return readFileSync(this.path(relative), "utf8");
  }
}

/** Runs one case; a case fails by throwing. A row whose `mode` is not `ok` passes through `expectFailure` or by itself. */
export type GoldenRun = (row: GoldenCase, files: GoldenFiles) => void | Promise<void>;

/** The suites of a package by name. Each is made once for a run, so that state may carry over from row to row. */
export type GoldenSuites = Readonly<Record<string, () => GoldenRun>>;
