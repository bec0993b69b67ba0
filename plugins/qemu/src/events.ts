import { DOMAIN_STATE, PAUSED_REASON } from "@polyvisor/core";
import { reportDeviceEvent } from "./device-events.js";
import type { QemuDomain } from "./domain.js";
import type { Guest } from "./guest.js";
import type { Hypervisor } from "./hypervisor.js";
import type { QmpEvent } from "./monitor/index.js";
import { powerCycle } from "./power-cycle.js";
import { panicked, paused, pmSuspended, running, shuttingDown } from "./state/status.js";
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
    (HANDLERS[event.name] ?? reportDeviceEvent)(hypervisor, domain, guest, event);
  } catch (error) {
    hypervisor.log.warn({ err: error, domain: domain.name, event: event.name }, "an event of QEMU makes no sense");
  }
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
  GUEST_CRASHLOADED: (hypervisor, domain) => hypervisor.lifecycle(domain, "CRASHED", "CRASHLOADED"),
};

function onShutdown(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, event: QmpEvent): void {
  if (domain.status.state === DOMAIN_STATE.SHUTDOWN) return;
  if (!guest.beingStopped && (guest.fakeReboot || guest.config.onPoweroff === "restart")) {
    guest.pausedShutdown = true;
  } else {
    hypervisor.setStatus(domain, shuttingDown);
    const { guest: byGuest } = event.data;
    const detail = byGuest === true ? "GUEST" : byGuest === false ? "HOST" : "FINISHED";
    hypervisor.lifecycle(domain, "SHUTDOWN", detail);
  }
  powerCycle(hypervisor, domain, guest);
}

/** Whoever asked for a stop left its reason; a stop that nobody asked for has none. */
function onStop(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): void {
  const reason = guest.pausedReason ?? "UNKNOWN";
  guest.pausedReason = undefined;
  if (domain.status.state !== DOMAIN_STATE.RUNNING || guest.pausedShutdown) return;
  hypervisor.setStatus(domain, paused(reason));
  hypervisor.lifecycle(domain, "SUSPENDED", "PAUSED");
}

function onResume(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): void {
  const reason = guest.runningReason ?? "UNPAUSED";
  guest.runningReason = undefined;
  if (domain.status.state === DOMAIN_STATE.RUNNING) return;
  hypervisor.setStatus(domain, running(reason));
  hypervisor.lifecycle(domain, "RESUMED", "UNPAUSED");
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
  if (domain.status.state !== DOMAIN_STATE.RUNNING) return;
  hypervisor.setStatus(domain, pmSuspended);
  hypervisor.lifecycle(domain, "PMSUSPENDED", to);
}

function onWakeup(hypervisor: Hypervisor, domain: QemuDomain): void {
  hypervisor.emit({ kind: "pmWakeup", reason: 0, dom: domain.ref });
  if (domain.status.state !== DOMAIN_STATE.PMSUSPENDED) return;
  hypervisor.setStatus(domain, running("WAKEUP"));
  hypervisor.lifecycle(domain, "STARTED", "WAKEUP");
}

/** What happens to a guest that panicked is said in its configuration. */
function onPanic(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): void {
  hypervisor.setStatus(domain, panicked);
  hypervisor.lifecycle(domain, "CRASHED", "PANICKED");
  const { onCrash } = guest.config;
  if (onCrash === "restart" || onCrash === "coredump-restart") {
    guest.fakeReboot = true;
    powerCycle(hypervisor, domain, guest);
  } else if (onCrash !== "preserve") {
    stopGuest(hypervisor, domain, guest, { shutoff: "CRASHED", stopped: "CRASHED" }).catch((error: unknown) => {
      hypervisor.log.error({ err: error, domain: domain.name }, "a crashed guest cannot be stopped");
    });
  }
}
