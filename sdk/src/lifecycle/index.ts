export { type Affected, notRunning, type Target, targetOf, targetsOf } from "./affect.js";
export {
  type DomainStatus,
  panicked,
  paused,
  pmSuspended,
  running,
  sameStatus,
  shutoff,
  shuttingDown,
  statusOfWords,
  statusWords,
} from "./status.js";
export {
  type EndingName,
  type LifecycleNews,
  TRANSITIONS,
  type Transition,
  type TransitionName,
  transitionFrom,
} from "./transitions.js";
