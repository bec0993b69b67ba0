import { DOMAIN_STATE } from "@polyvisor/core";

/** `EnabledState` of a machine. */
export const ENABLED = { ON: 2, OFF: 3, PAUSED: 32768, SAVED: 32769 } as const;

/** What `RequestStateChange` asks for. */
export const REQUEST = { START: 2, TURN_OFF: 3, SAVE: 6, PAUSE: 9, REBOOT: 10, RESET: 11 } as const;

interface MachineState {
  readonly state: number;
  readonly isActive: boolean;
  /** On the way to another one. */
  readonly isChanging: boolean;
}

const steady = (state: number, isActive: boolean): MachineState => ({ state, isActive, isChanging: false });
const changing = (state: number): MachineState => ({ state, isActive: true, isChanging: true });

const STATES: Readonly<Record<number, MachineState>> = {
  [ENABLED.ON]: steady(DOMAIN_STATE.RUNNING, true),
  [ENABLED.OFF]: steady(DOMAIN_STATE.SHUTOFF, false),
  [ENABLED.PAUSED]: steady(DOMAIN_STATE.PAUSED, true),
  [ENABLED.SAVED]: steady(DOMAIN_STATE.SHUTOFF, false),
  // starting, taking a snapshot, saving
  32770: changing(DOMAIN_STATE.RUNNING),
  32771: changing(DOMAIN_STATE.RUNNING),
  32773: changing(DOMAIN_STATE.RUNNING),
  // stopping
  32774: changing(DOMAIN_STATE.SHUTDOWN),
  // pausing, resuming
  32776: changing(DOMAIN_STATE.RUNNING),
  32777: changing(DOMAIN_STATE.RUNNING),
};

/** What an `EnabledState` means; one that is not known is no state. */
export function stateOf(enabledState: number): MachineState {
  return STATES[enabledState] ?? steady(DOMAIN_STATE.NOSTATE, false);
}
