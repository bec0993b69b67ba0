import { DOMAIN_STATE } from "@polyvisor/core";
import type { QemuDomain } from "./domain.js";
import type { Guest } from "./guest.js";
import type { Hypervisor } from "./hypervisor.js";
import { takeLeases } from "./services/index.js";

/**
 * What follows when a guest has shut down. The emulator runs with -no-shutdown, so the guest stands still by then: either
 * the emulator is ended, or the machine is reset and runs again, which makes a reboot of a shutdown.
 */
export function powerCycle(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): void {
  if (guest.beingStopped || !(guest.fakeReboot || guest.config.onPoweroff === "restart")) {
    guest.process?.kill("SIGTERM");
    return;
  }
  domain.jobs
    .run({ kind: "modify", api: "fakeReboot" }, () => reboot(hypervisor, domain, guest))
    .catch((error: unknown) => {
      hypervisor.log.error({ err: error, domain: domain.name }, "a guest cannot be reset after it shut down");
      guest.process?.kill("SIGKILL");
    })
    .finally(() => {
      guest.pausedShutdown = false;
      guest.fakeReboot = false;
      if (domain.guest === guest) hypervisor.statusWriter(domain, guest).saveSoon();
    });
}

async function reboot(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  if (domain.guest !== guest) return;
  await guest.qmp("system_reset");
  await takeLeases(hypervisor, domain, guest);
  guest.nextRun = domain.status.state === DOMAIN_STATE.CRASHED ? "runAfterCrash" : "reboot";
  await guest.qmp("cont");
}
