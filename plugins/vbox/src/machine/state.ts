import { DOMAIN_STATE } from "@polyvisor/core";
import type { MachineInfo } from "./info.js";

const { RUNNING, BLOCKED, PAUSED, SHUTDOWN, SHUTOFF, CRASHED, NOSTATE } = DOMAIN_STATE;

/** VirtualBox's states that are more than a step between two others. */
const STATES: Readonly<Record<string, number>> = {
  running: RUNNING,
  teleporting: RUNNING,
  livesnapshotting: RUNNING,
  onlinesnapshotting: RUNNING,
  deletingsnapshotlive: RUNNING,
  starting: RUNNING,
  restoring: RUNNING,
  gurumeditation: BLOCKED,
  stuck: BLOCKED,
  paused: PAUSED,
  teleportingpausedvm: PAUSED,
  deletingsnapshotlivepaused: PAUSED,
  saving: PAUSED,
  stopping: SHUTDOWN,
  poweroff: SHUTOFF,
  saved: SHUTOFF,
  teleported: SHUTOFF,
  aborted: CRASHED,
  "aborted-saved": CRASHED,
};

const ACTIVE: readonly number[] = [RUNNING, BLOCKED, PAUSED, SHUTDOWN];

/** The state of libvirt's for VirtualBox's. */
export function stateOf(info: MachineInfo): number {
  return STATES[info.text("VMState") ?? ""] ?? NOSTATE;
}

export function isActive(info: MachineInfo): boolean {
  return ACTIVE.includes(stateOf(info));
}

/** It was saved, and its next start goes on from there. */
export function isSaved(info: MachineInfo): boolean {
  return ["saved", "aborted-saved"].includes(info.text("VMState") ?? "");
}
