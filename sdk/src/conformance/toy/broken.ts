import type { Breakage } from "./driver.js";
import { EVENT_FAULTS } from "./faults/events.js";
import { IDENTITY_FAULTS } from "./faults/identity.js";
import { KEEPING_FAULTS } from "./faults/keeping.js";
import { RULE_FAULTS } from "./faults/rules.js";

/** A toy with one fault. */
export interface BrokenToy {
  readonly name: string;
  /** What it does wrong. */
  readonly fault: string;
  /** The case of the kit that must fail with it. */
  readonly caughtBy: string;
  readonly breaks: Breakage;
  /** Whoever looks after the connection lets a client change things that came to look only. */
  readonly ignoresReadOnly?: true;
}

/** Each is what an author may do by mistake, and a kit that lets one pass is worth nothing. */
export const BROKEN_TOYS: readonly BrokenToy[] = [
  ...EVENT_FAULTS,
  ...KEEPING_FAULTS,
  ...IDENTITY_FAULTS,
  ...RULE_FAULTS,
];
