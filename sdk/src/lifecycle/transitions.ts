import {
  CRASHED_DETAIL,
  DEFINED_DETAIL,
  DOMAIN_STATE,
  LIFECYCLE_EVENT,
  PMSUSPENDED_DETAIL,
  RESUMED_DETAIL,
  SHUTDOWN_DETAIL,
  STARTED_DETAIL,
  STOPPED_DETAIL,
  SUSPENDED_DETAIL,
  UNDEFINED_DETAIL,
} from "@polyvisor/core";
import { type DomainStatus, panicked, paused, pmSuspended, running, shutoff, shuttingDown } from "./status.js";

/** A lifecycle event without its domain: a member of `LIFECYCLE_EVENT`, and of the table of its details. */
export interface LifecycleNews {
  readonly event: number;
  readonly detail: number;
}

/** One step of a domain's life: where it may happen, what the domain does after it, and what listeners hear. */
export interface Transition {
  /** Members of `DOMAIN_STATE`. */
  readonly from: readonly number[];
  /** Absent where the domain goes on as it was. */
  readonly to?: DomainStatus;
  readonly news: readonly LifecycleNews[];
}

const { RUNNING, PAUSED, SHUTDOWN, SHUTOFF, CRASHED, PMSUSPENDED } = DOMAIN_STATE;
const ACTIVE = [RUNNING, PAUSED, SHUTDOWN, CRASHED, PMSUSPENDED];
const ANY = [...ACTIVE, SHUTOFF];

const news = (event: keyof typeof LIFECYCLE_EVENT, detail: number): LifecycleNews => ({
  event: LIFECYCLE_EVENT[event],
  detail,
});
const started = news("STARTED", STARTED_DETAIL.BOOTED);
const suspended = (detail: keyof typeof SUSPENDED_DETAIL) => [news("SUSPENDED", SUSPENDED_DETAIL[detail])];
const resumed = (detail: keyof typeof RESUMED_DETAIL) => [news("RESUMED", RESUMED_DETAIL[detail])];
const begun = (detail: keyof typeof STARTED_DETAIL) => [news("STARTED", STARTED_DETAIL[detail])];
const stopped = (detail: keyof typeof STOPPED_DETAIL) => [news("STOPPED", STOPPED_DETAIL[detail])];
const shutDown = (detail: keyof typeof SHUTDOWN_DETAIL): Transition => ({
  from: [RUNNING, PAUSED, CRASHED, PMSUSPENDED],
  to: shuttingDown,
  news: [news("SHUTDOWN", SHUTDOWN_DETAIL[detail])],
});

/** All that can happen to a domain, with the states, reasons and events that libvirt's drivers have for it. */
export const TRANSITIONS = {
  define: { from: ANY, news: [news("DEFINED", DEFINED_DETAIL.ADDED)] },
  redefine: { from: ANY, news: [news("DEFINED", DEFINED_DETAIL.UPDATED)] },
  undefine: { from: ANY, news: [news("UNDEFINED", UNDEFINED_DETAIL.REMOVED)] },

  /** Its old name is gone; `defineRenamed` follows. */
  undefineRenamed: { from: ANY, news: [news("UNDEFINED", UNDEFINED_DETAIL.RENAMED)] },
  defineRenamed: { from: ANY, news: [news("DEFINED", DEFINED_DETAIL.RENAMED)] },

  /** A start in one step. */
  boot: { from: [SHUTOFF], to: running("BOOTED"), news: [started] },
  /** A guest that runs has booted anew under the same driver. */
  rebooted: { from: [RUNNING], to: running("BOOTED"), news: [] },
  /** A guest goes on where it was saved, in one step. */
  restore: { from: [SHUTOFF], to: running("RESTORED"), news: begun("RESTORED") },
  /** A guest goes on where it was on another host, in one step. */
  arrive: { from: [SHUTOFF], to: running("MIGRATED"), news: begun("MIGRATED") },
  /** A guest goes on where a snapshot was taken, in one step. */
  revert: { from: [SHUTOFF], to: running("FROM_SNAPSHOT"), news: begun("FROM_SNAPSHOT") },
  /** The guest was paused when the snapshot was taken. */
  revertPaused: { from: [RUNNING], to: paused("FROM_SNAPSHOT"), news: suspended("FROM_SNAPSHOT") },
  /** The guest takes shape, and nothing of it is told yet. */
  prepare: { from: [SHUTOFF], to: paused("STARTING_UP"), news: [] },
  /** Nothing could be prepared. */
  refuseStart: { from: [SHUTOFF], to: shutoff("FAILED"), news: [] },
  /** The processors of a prepared guest run for the first time. */
  run: { from: [PAUSED], to: running("BOOTED"), news: resumed("UNPAUSED") },
  /** A prepared guest is to stay paused. */
  hold: { from: [PAUSED], to: paused("USER"), news: [] },
  /** The start of a guest that runs is over. */
  started: { from: ACTIVE, news: [started] },
  /** The start of a guest that stays paused is over. */
  startedPaused: { from: ACTIVE, news: [started, ...suspended("PAUSED")] },
  /** A prepared guest did not come to life; nobody had heard of it. */
  abandon: { from: [PAUSED], to: shutoff("FAILED"), news: [] },
  /** It had come to life when its start failed. */
  failStart: { from: ACTIVE, to: shutoff("FAILED"), news: stopped("FAILED") },
  /** The daemon ended in the middle of the start. */
  interruptStart: { from: ACTIVE, to: shutoff("DAEMON"), news: stopped("FAILED") },

  suspend: { from: [RUNNING, PMSUSPENDED], to: paused("USER"), news: suspended("PAUSED") },
  /** The guest stands still, and nobody knows why. */
  halt: { from: [RUNNING], to: paused("UNKNOWN"), news: suspended("PAUSED") },
  ioError: { from: [RUNNING], to: paused("IOERROR"), news: suspended("IOERROR") },
  watchdog: { from: [RUNNING], to: paused("WATCHDOG"), news: suspended("WATCHDOG") },
  /** Found stopped by a migration that nobody looked after. */
  haltForMigration: { from: [RUNNING], to: paused("MIGRATION"), news: suspended("MIGRATED") },
  haltForSave: { from: [RUNNING], to: paused("SAVE"), news: suspended("PAUSED") },
  haltForSnapshot: { from: [RUNNING], to: paused("SNAPSHOT"), news: suspended("PAUSED") },
  resume: { from: [PAUSED, SHUTDOWN, CRASHED, PMSUSPENDED], to: running("UNPAUSED"), news: resumed("UNPAUSED") },
  /** A reset machine starts its processors again. */
  reboot: { from: [PAUSED, SHUTDOWN, CRASHED, PMSUSPENDED], to: running("BOOTED"), news: resumed("UNPAUSED") },
  /** A guest that shut down starts again at once, as it is configured to. */
  rebootInPlace: { from: [RUNNING, PAUSED], to: running("BOOTED"), news: [] },
  /** A panicked guest runs again after its reset. */
  runAfterCrash: { from: [PAUSED, CRASHED], to: running("CRASHED"), news: resumed("UNPAUSED") },
  /** A panicked guest was reset and waits. */
  resetAfterCrash: { from: [CRASHED], to: paused("CRASHED"), news: [] },

  sleep: {
    from: [RUNNING],
    to: pmSuspended,
    news: [news("PMSUSPENDED", PMSUSPENDED_DETAIL.MEMORY)],
  },
  hibernate: {
    from: [RUNNING],
    to: pmSuspended,
    news: [news("PMSUSPENDED", PMSUSPENDED_DETAIL.DISK)],
  },
  wakeUp: { from: [PMSUSPENDED], to: running("WAKEUP"), news: [news("STARTED", STARTED_DETAIL.WAKEUP)] },

  shutDownByGuest: shutDown("GUEST"),
  shutDownByHost: shutDown("HOST"),
  /** It is not known who asked. */
  shutDown: shutDown("FINISHED"),
  panic: { from: ACTIVE, to: panicked, news: [news("CRASHED", CRASHED_DETAIL.PANICKED)] },
  /** A panicked guest has another kernel of its own that takes over. */
  crashLoad: { from: ACTIVE, news: [news("CRASHED", CRASHED_DETAIL.CRASHLOADED)] },

  /** The guest has shut down, and is gone. */
  finish: { from: ACTIVE, to: shutoff("SHUTDOWN"), news: stopped("SHUTDOWN") },
  destroy: { from: ACTIVE, to: shutoff("DESTROYED"), news: stopped("DESTROYED") },
  /** All that the guest is has been written to a file. */
  save: { from: ACTIVE, to: shutoff("SAVED"), news: stopped("SAVED") },
  /** It goes on on another host. */
  leave: { from: ACTIVE, to: shutoff("MIGRATED"), news: stopped("MIGRATED") },
  /** A snapshot takes the place of the guest, or was all that was wanted of it. */
  endForSnapshot: { from: ACTIVE, to: shutoff("FROM_SNAPSHOT"), news: stopped("FROM_SNAPSHOT") },
  /** Its process ended, and it had not said that it would. */
  crash: { from: ACTIVE, to: shutoff("CRASHED"), news: stopped("FAILED") },
  /** A panicked guest is ended, as it is configured to. */
  endAfterPanic: { from: ACTIVE, to: shutoff("CRASHED"), news: stopped("CRASHED") },
} as const satisfies Readonly<Record<string, Transition>>;

export type TransitionName = keyof typeof TRANSITIONS;

/** Transitions after which a domain is off. */
export type EndingName = {
  [K in TransitionName]: (typeof TRANSITIONS)[K] extends { to: ReturnType<typeof shutoff> } ? K : never;
}[TransitionName];

/** The transition, where it may happen to a domain that does this now; else `undefined`. */
export function transitionFrom(status: DomainStatus, name: TransitionName): Transition | undefined {
  const transition: Transition = TRANSITIONS[name];
  return transition.from.includes(status.state) ? transition : undefined;
}
