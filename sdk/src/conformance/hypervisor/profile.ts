import type { Connection } from "@polyvisor/core";
import { VirtError } from "@polyvisor/core";
import type { Profile } from "../kit/index.js";
import { defaultDomain } from "./default-domain.js";
import type { HypervisorSubject } from "./subject.js";

/**
 * What an author says of a driver beside its own declaration. Fixtures: `domain`, a document with `{name}` and `{uuid}`;
 * `device` and `liveDevice`, devices to be plugged into one that is off or that runs; `console`, a document of a guest
 * that sends back what is typed; `screen`, one of a guest that has a screen. Traits: see `TRAITS`.
 */
export interface HypervisorProfile {
  readonly calls?: readonly string[];
  readonly fixtures?: Readonly<Record<string, string>>;
  readonly traits?: readonly string[];
}

/** What can hold of a driver, beside the calls that it claims. */
export const TRAITS = {
  /** Guests are real: they use time. */
  guestsRun: "guests-run",
  /** A guest ends when it is asked to shut down. */
  obeysShutdown: "obeys-shutdown",
  /** Definitions are there again after the driver has been ended and started. */
  keepsDefinitions: "keeps-definitions",
  /** Guests go on while the driver is ended and started. */
  keepsGuests: "keeps-guests",
  /** An id is that of one run of a guest, such as a pid: a domain that reboots may get another one. */
  idsOfRuns: "ids-of-runs",
  /** The subject can be ended and started: `restart`; the runner finds this out by itself. */
  restarts: "restarts",
  /** It can be killed: `kill`; the runner finds this out by itself. */
  killed: "killed",
} as const;

/** The whole profile: what the author leaves out is asked of the driver. */
export async function completeProfile(subject: HypervisorSubject, given: HypervisorProfile = {}): Promise<Profile> {
  const connection = await subject.open();
  try {
    const calls = given.calls ?? (await declared(connection));
    const domain = given.fixtures?.domain ?? (await fromCapabilities(connection, calls));
    return {
      calls,
      fixtures: { ...given.fixtures, ...(domain === undefined ? {} : { domain }) },
      traits: [
        ...(given.traits ?? []),
        ...(subject.restart === undefined ? [] : [TRAITS.restarts]),
        ...(subject.kill === undefined ? [] : [TRAITS.killed]),
      ],
    };
  } finally {
    await connection.close();
  }
}

async function declared(connection: Connection): Promise<readonly string[]> {
  try {
    return await connection.api.connectListDriverCalls({});
  } catch (error) {
    if (!(error instanceof VirtError)) throw error;
    throw new VirtError("CONFIG_UNSUPPORTED", "the daemon cannot tell which calls its driver implements", {
      hint: 'give a profile that lists them, as "calls"',
      cause: error,
    });
  }
}

async function fromCapabilities(connection: Connection, calls: readonly string[]): Promise<string | undefined> {
  if (!calls.includes("connectGetCapabilities")) return undefined;
  return defaultDomain(await connection.api.connectGetCapabilities({}));
}
