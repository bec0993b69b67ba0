import { type Case, type Kit, missing } from "./case.js";
import { type RunOptions, runCase } from "./run.js";

/** What is used of ava's `test`. */
export interface AvaTest {
  serial(title: string, body: (t: AvaContext) => Promise<void>): void;
  readonly skip: (title: string, body: (t: AvaContext) => Promise<void>) => void;
  readonly after: { always(title: string, body: () => Promise<void>): void };
}

export interface AvaContext {
  pass(message?: string): void;
  fail(message?: string): void;
  log(...values: unknown[]): void;
  timeout(milliseconds: number, message?: string): void;
}

export interface AvaOptions extends RunOptions {
  /** Ends the subject, after the last case. */
  readonly close?: () => Promise<void> | void;
}

/** More than any case may take, so that the case's own deadline is the one that speaks. */
const AVA_MS = 240_000;

/**
 * Registers one test of ava per case that the profile has all for: what a driver does not claim is no test of it. A known
 * deviation that no longer occurs fails as one that nobody knows does.
 */
export function registerKit<S>(test: AvaTest, kit: Kit<S>, subject: S, options: AvaOptions): void {
  const known = new Set((options.known ?? []).flatMap(({ cases }) => cases));
  const isMeant = (one: Case<S>) => missing(one.needs, options.profile).length === 0 && (options.only?.(one) ?? true);
  for (const each of kit.cases.filter(isMeant)) {
    test.serial(`${options.title ?? kit.name}: ${each.name}`, async (t) => {
      t.timeout(AVA_MS);
      const result = await runCase(each, subject, options);
      if (result.outcome === "failed") t.fail(result.says);
      else if (result.outcome === "passed" && known.has(each.name)) t.fail("the known deviation no longer occurs");
      else t.pass();
      if (result.outcome === "leftOut") t.log(`left out: ${result.says}`);
    });
  }
  const { close } = options;
  if (close !== undefined)
    test.after.always(`${options.title ?? kit.name}: the end`, async () => {
      await close();
    });
}
