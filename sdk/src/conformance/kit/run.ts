import { setTimeout as delay } from "node:timers/promises";
import { type Case, type Kit, missing, type Profile } from "./case.js";
import { brief, Check, LeftOut } from "./check.js";
import { explained, type Known } from "./known.js";
import type { CaseResult, Report } from "./report.js";

export interface RunOptions {
  readonly profile: Profile;
  readonly known?: readonly Known[];
  /** What is under test, in words for the report. */
  readonly title?: string;
  /** Which cases; all of them by default. */
  readonly only?: (it: { readonly name: string; readonly group: string }) => boolean;
  /** Milliseconds that a case has which does not say otherwise. */
  readonly deadline?: number;
  /** Called after each case. */
  readonly onResult?: (result: CaseResult) => void;
}

const DEADLINE_MS = 120_000;
const CLEANUP_MS = 30_000;
/** Stands before the names of all that cases make. */
export const NAME_PREFIX = "conformance";

/** Runs a kit's cases one after the other. Never throws because of what the subject does. */
export async function runKit<S>(kit: Kit<S>, subject: S, options: RunOptions): Promise<Report> {
  const began = new Date();
  const start = performance.now();
  const chosen = kit.cases.filter((each) => options.only?.(each) ?? true);
  const results: CaseResult[] = [];
  for (const each of chosen) {
    const result = await runCase(each, subject, options);
    results.push(result);
    options.onResult?.(result);
  }
  return summarize(kit, options, results, began, performance.now() - start);
}

/** Runs one case, and cleans up after it. Never throws because of what the subject does. */
export async function runCase<S>(one: Case<S>, subject: S, options: RunOptions): Promise<CaseResult> {
  const { name, group } = one;
  const lacking = missing(one.needs, options.profile);
  if (lacking.length > 0)
    return { name, group, outcome: "leftOut", says: `needs ${lacking.join(", ")}`, milliseconds: 0 };
  const start = performance.now();
  const thrown = await attempt(one, subject, options);
  const milliseconds = performance.now() - start;
  if (thrown === undefined) return { name, group, outcome: "passed", milliseconds };
  if (thrown.error instanceof LeftOut)
    return { name, group, outcome: "leftOut", says: thrown.error.message, milliseconds };
  const says = thrown.error instanceof Error ? messageOf(thrown.error) : brief(thrown.error);
  const known = explained(options.known ?? [], name, says);
  if (known === undefined) return { name, group, outcome: "failed", says, milliseconds };
  return { name, group, outcome: "known", says, because: known.because, milliseconds };
}

/** What the case has thrown; `undefined` where it has passed. */
async function attempt<S>(one: Case<S>, subject: S, options: RunOptions): Promise<{ error: unknown } | undefined> {
  const deadline = options.deadline ?? one.deadline ?? DEADLINE_MS;
  const over = new AbortController();
  const check = new Check(NAME_PREFIX, over.signal, options.profile);
  const timer = new AbortController();
  const late = delay(deadline, undefined, { signal: timer.signal }).then(
    () => {
      const error = new Error(`the case has not ended after ${deadline / 1000} s`);
      over.abort(error);
      return { error };
    },
    () => undefined,
  );
  try {
    const ran = (async () => one.run(subject, check))().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    return await Promise.race([ran, late]);
  } finally {
    timer.abort();
    await Promise.race([check.cleanUp(), delay(CLEANUP_MS, undefined, { ref: false })]);
    over.abort(new Error("the case is over"));
  }
}

function messageOf(error: Error): string {
  return error.name === "Deviation" || error.name === "Error" ? error.message : brief(error);
}

function summarize<S>(
  kit: Kit<S>,
  options: RunOptions,
  results: readonly CaseResult[],
  began: Date,
  milliseconds: number,
): Report {
  const count = (outcome: CaseResult["outcome"]) => results.filter((result) => result.outcome === outcome).length;
  const stale = staleOf(kit, options, results);
  const claimed = kit.calls.filter((call) => options.profile.calls.includes(call));
  return {
    kit: kit.name,
    contract: kit.contract,
    subject: options.title ?? "a driver",
    began: began.toISOString(),
    milliseconds,
    cases: results.length - count("leftOut"),
    passed: count("passed"),
    failed: count("failed"),
    known: count("known"),
    leftOut: count("leftOut"),
    stale,
    claimed,
    unclaimed: kit.calls.filter((call) => !claimed.includes(call)),
    results,
    ok: count("failed") === 0 && stale.length === 0,
  };
}

/** Known deviations of cases that passed, or that the kit does not have. What did not run says nothing of its deviations. */
function staleOf<S>(kit: Kit<S>, { known = [] }: RunOptions, results: readonly CaseResult[]): string[] {
  const named = [...new Set(known.flatMap(({ cases }) => cases))];
  const isThere = new Set(kit.cases.map(({ name }) => name));
  const passed = new Set(results.filter(({ outcome }) => outcome === "passed").map(({ name }) => name));
  return named.filter((name) => !isThere.has(name) || passed.has(name));
}
