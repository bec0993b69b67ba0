import { readFile } from "node:fs/promises";

/** A deviation that somebody has looked at and explained. */
export interface Known {
  /** Names of cases. */
  readonly cases: readonly string[];
  readonly because: string;
  /** A part of what the case says when it fails; without it any failure of the case is the known one. */
  readonly says?: string;
}

/** Reads a file of known deviations: JSON, a list of `Known`. Throws, with the file's name, where it is none. */
export async function readKnown(path: string): Promise<Known[]> {
  const text = await readFile(path, "utf8");
  try {
    return checkKnown(JSON.parse(text));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}

export function checkKnown(value: unknown): Known[] {
  if (!Array.isArray(value)) throw new Error("a list of known deviations is needed");
  return value.map((entry: Partial<Known>, index) => {
    const { cases, because, says } = entry;
    if (!Array.isArray(cases) || cases.length === 0 || !cases.every((name) => typeof name === "string"))
      throw new Error(`entry ${index + 1} does not name its cases`);
    if (typeof because !== "string" || because.trim() === "")
      throw new Error(`entry ${index + 1} does not say why (because)`);
    if (says !== undefined && typeof says !== "string") throw new Error(`entry ${index + 1}: says is no text`);
    return { cases, because, ...(says === undefined ? {} : { says }) };
  });
}

/** The explanation of a case's failure, if there is one. */
export function explained(known: readonly Known[], name: string, failure: string): Known | undefined {
  return known.find(({ cases, says }) => cases.includes(name) && (says === undefined || failure.includes(says)));
}
