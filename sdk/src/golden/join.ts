import type { GoldenRun, GoldenSuites } from "./case.js";

/** Thrown for a row of a suite that several drivers share, by those whose row it is not. */
export class OtherDriversRow extends Error {}

/** The suites of several packages as one. Where some share a suite, a row passes when one of them passes it. */
export function joinSuites(packages: readonly GoldenSuites[]): GoldenSuites {
  const names = new Set(packages.flatMap((each) => Object.keys(each)));
  return Object.fromEntries(
    [...names].map((name) => [name, () => joined(packages.flatMap((suites) => suites[name]?.() ?? []))]),
  );
}

function joined(runs: readonly GoldenRun[]): GoldenRun {
  return async (row, files) => {
    const errors: unknown[] = [];
    for (const run of runs) {
      try {
        return await run(row, files);
      } catch (error) {
        errors.push(error);
      }
    }
    throw errors.find((error) => !(error instanceof OtherDriversRow)) ?? errors[0];
  };
}
