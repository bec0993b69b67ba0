import type { Check } from "./check.js";

/**
 * One case of a kit: what a driver of the contract must do, whoever wrote it. A case stands alone: it makes what it needs
 * under names of its own and leaves nothing behind.
 */
export interface Case<S> {
  /** Unique in the kit, and stable: files of known deviations name cases. */
  readonly name: string;
  readonly group: string;
  /**
   * What a subject must have, else the case is left out and counted as such: names of calls that it claims, of fixtures and
   * of traits of its profile.
   */
  readonly needs: readonly string[];
  /** Milliseconds after which the case has failed, where it may take longer than others. */
  readonly deadline?: number;
  run(subject: S, check: Check): Promise<void>;
}

/** The cases of one contract. */
export interface Kit<S> {
  /** The word by which the command knows it, such as `hypervisor`. */
  readonly name: string;
  /** Such as `hypervisor.v1`. */
  readonly contract: string;
  /** Every call that a subject may claim. */
  readonly calls: readonly string[];
  readonly cases: readonly Case<S>[];
}

/** What is under test promises. Cases ask for things of it by name, so no name may stand for two things. */
export interface Profile {
  /** The calls that the driver claims; a driver's own declaration where it makes one. */
  readonly calls: readonly string[];
  /** Documents and other texts that cases need and only the driver's author can give, by name. */
  readonly fixtures: Readonly<Record<string, string>>;
  /** What else holds of the subject, such as that its guests really run. */
  readonly traits: readonly string[];
}

/** What of a case's needs the profile does not have. */
export function missing(needs: readonly string[], { calls, fixtures, traits }: Profile): string[] {
  return needs.filter((need) => !calls.includes(need) && !(need in fixtures) && !traits.includes(need));
}
