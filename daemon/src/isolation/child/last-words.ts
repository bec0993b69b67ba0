import { writeSync } from "node:fs";

const STDERR = 2;

/** Says why the process ends, and ends it. The words go out whatever happens next: the host has them in its log. */
export function endWith(code: number, words: string): never {
  writeSync(STDERR, `${words}\n`);
  process.exit(code);
}
