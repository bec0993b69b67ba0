import { DOMAIN_STATE, type MonitorEvent, PAUSED_REASON } from "@polyvisor/core";
import type { TransitionName } from "@polyvisor/sdk/lifecycle";
import { onJobStatus } from "./blockjobs/index.js";
import { isObject, type Json } from "./capabilities/json.js";
import { reportDeviceEvent } from "./device-events.js";
import type { QemuDomain } from "./domain.js";
import type { Guest } from "./guest.js";
import type { Hypervisor } from "./hypervisor.js";
import { compactJson, membersOf, type QmpEvent } from "./monitor/index.js";
import { powerCycle } from "./power-cycle.js";
import { releaseLeases } from "./services/index.js";
import { stopGuest } from "./stop.js";

type Handler = (hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, event: QmpEvent) => void;

/**
 * What the emulator tells becomes the domain's state and the clients' events.
 *
 * Called by the monitor for each event in order, between turns of whatever job runs; so handlers change state at once
 * and leave anything that waits to a job of their own.
 */
export function handleQmpEvent(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, event: QmpEvent): void {
  if (domain.guest !== guest) return;
  try {
    if (hypervisor.monitorEvents.isHeard) hypervisor.monitorEvents.emit(asSaid(domain, event));
    (HANDLERS[event.name] ?? reportDeviceEvent)(hypervisor, domain, guest, event);
  } catch (error) {
    hypervisor.log.warn({ err: error, domain: domain.name, event: event.name }, "an event of QEMU makes no sense");
  }
}

/** An event as the emulator said it, for those who want to hear just that. */
function asSaid({ ref }: QemuDomain, { name, line }: QmpEvent): MonitorEvent {
  const members = membersOf(compactJson(line));
  const timestamp = JSON.parse(members.get("timestamp") ?? "null") as Json;
  const [seconds, micros] = isObject(timestamp) ? [timestamp.seconds, timestamp.microseconds] : [];
  return {
    dom: ref,
    event: name,
    seconds: Number.isSafeInteger(seconds) ? (seconds as number) : -1,
    micros: isMicros(micros) ? micros : 0,
    details: members.get("data") ?? null,
  };
}

function isMicros(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 1_000_000;
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  SHUTDOWN: onShutdown,
  STOP: onStop,
  RESUME: onResume,
  RESET: onReset,
  SUSPEND: (hypervisor, domain) => onPmSuspend(hypervisor, domain, "MEMORY"),
  SUSPEND_DISK: (hypervisor, domain) => onPmSuspend(hypervisor, domain, "DISK"),
  WAKEUP: onWakeup,
  GUEST_PANICKED: onPanic,
  JOB_STATUS_CHANGE: onJobStatus,
  GUEST_CRASHLOADED: (hypervisor, domain) => void hypervisor.transition(domain, "crashLoad"),
};

/** Whether the guest asked for it; older emulators do not say. */
const SHUTDOWNS: ReadonlyMap<unknown, TransitionName> = new Map([
  [true, "shutDownByGuest"],
  [false, "shutDownByHost"],
]);

function onShutdown(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, event: QmpEvent): void {
  if (domain.status.state === DOMAIN_STATE.SHUTDOWN) return;
  if (!guest.beingStopped && (guest.fakeReboot || guest.config.onPoweroff === "restart")) {
    guest.pausedShutdown = true;
  } else {
    hypervisor.transition(domain, SHUTDOWNS.get(event.data.guest) ?? "shutDown");
  }
  powerCycle(hypervisor, domain, guest);
}

/** Whoever asked for a stop said what it means; a stop that nobody asked for means nothing more. */
function onStop(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): void {
  const meaning = guest.nextStop ?? "halt";
  guest.nextStop = undefined;
  if (guest.pausedShutdown) return;
  hypervisor.transition(domain, meaning);
  void releaseLeases(hypervisor, domain, guest);
}

function onResume(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): void {
  const meaning = guest.nextRun ?? "resume";
  guest.nextRun = undefined;
  hypervisor.transition(domain, meaning);
}

function onReset(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): void {
  const { state, reason } = domain.status;
  if (state === DOMAIN_STATE.PAUSED && reason === PAUSED_REASON.STARTING_UP) return;
  guest.fakeReboot = false;
  hypervisor.statusWriter(domain, guest).saveSoon();
  hypervisor.emit({ kind: "reboot", dom: domain.ref });
}

function onPmSuspend(hypervisor: Hypervisor, domain: QemuDomain, to: "MEMORY" | "DISK"): void {
  hypervisor.emit({ kind: to === "MEMORY" ? "pmSuspend" : "pmSuspendDisk", reason: 0, dom: domain.ref });
  hypervisor.transition(domain, to === "MEMORY" ? "sleep" : "hibernate");
}

function onWakeup(hypervisor: Hypervisor, domain: QemuDomain): void {
  hypervisor.emit({ kind: "pmWakeup", reason: 0, dom: domain.ref });
  hypervisor.transition(domain, "wakeUp");
}

/** What happens to a guest that panicked is said in its configuration. */
function onPanic(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): void {
  hypervisor.transition(domain, "panic");
  const { onCrash } = guest.config;
  if (onCrash === "restart" || onCrash === "coredump-restart") {
    guest.fakeReboot = true;
    powerCycle(hypervisor, domain, guest);
  } else if (onCrash !== "preserve") {
    stopGuest(hypervisor, domain, guest, "endAfterPanic").catch((error: unknown) => {
      hypervisor.log.error({ err: error, domain: domain.name }, "a crashed guest cannot be stopped");
    });
  }
}
