import { rm } from "node:fs/promises";
import {
  CREATE_FLAG,
  DESTROY_FLAG,
  DOMAIN_STATE,
  type Domain,
  type DomainLifecycleHandlers,
  type DomainRef,
  REBOOT_FLAG,
  SHUTDOWN_FLAG,
} from "@polyvisor/core";
import type { NormalJob } from "@polyvisor/sdk/jobs";
import { notRunning } from "@polyvisor/sdk/lifecycle";
import type { QemuDomain } from "../domain.js";
import { checkFlags, qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { leasesSettled, releaseLeases, takeLeases } from "../services/index.js";
import { startDomain } from "../start/index.js";
import { stopGuest } from "../stop.js";
import { createTransient } from "./create.js";

const CREATE_FLAGS =
  CREATE_FLAG.PAUSED |
  CREATE_FLAG.AUTODESTROY |
  CREATE_FLAG.BYPASS_CACHE |
  CREATE_FLAG.FORCE_BOOT |
  CREATE_FLAG.RESET_NVRAM;

/** Starting, stopping, and what lies between. `owner` is the connection with which autodestroyed guests go. */
export function lifecycleHandlers(hypervisor: Hypervisor, owner: object): DomainLifecycleHandlers {
  const create = async (dom: Domain, flags: number, api: string): Promise<DomainRef> => {
    checkFlags(flags, CREATE_FLAGS, "qemuDomainCreateWithFlags");
    const domain = hypervisor.domains.find(dom);
    await domain.jobs.runAsync({ kind: "start", api, mask: [] }, async () => {
      if (domain.isActive) throw qemuError("OPERATION_INVALID", "domain is already running");
      const definition = await hypervisor.definitions.load(domain.name);
      await startDomain(hypervisor, domain, definition, {
        paused: (flags & CREATE_FLAG.PAUSED) !== 0,
        autodestroy: (flags & CREATE_FLAG.AUTODESTROY) === 0 ? undefined : owner,
      });
    });
    return domain.ref;
  };
  return {
    domainCreate: async ({ dom }) => void (await create(dom, 0, "domainCreate")),
    domainCreateWithFlags: ({ dom, flags }) => create(dom, flags, "domainCreateWithFlags"),
    domainCreateXML: ({ xmlDesc, flags }) => createTransient(hypervisor, xmlDesc, flags, owner),

    domainDestroy: ({ dom }) => destroy(hypervisor, dom, 0, "domainDestroy"),
    domainDestroyFlags: ({ dom, flags }) => destroy(hypervisor, dom, flags, "domainDestroyFlags"),

    domainShutdown: ({ dom }) => shutdown(hypervisor, dom, 0, "domainShutdown"),
    domainShutdownFlags: ({ dom, flags }) => shutdown(hypervisor, dom, flags, "domainShutdownFlags"),

    domainReboot: ({ dom, flags }) => reboot(hypervisor, dom, flags),
    domainReset: ({ dom, flags }) => reset(hypervisor, dom, flags),
    domainSuspend: ({ dom }) => suspend(hypervisor, dom),
    domainResume: ({ dom }) => resume(hypervisor, dom),
  };
}

/** Guests that were to go with the connection go now; nobody waits for them. */
export function destroyOwned(hypervisor: Hypervisor, owner: object): void {
  for (const domain of hypervisor.domains) {
    const { guest } = domain;
    if (guest?.autodestroy !== owner) continue;
    stopGuest(hypervisor, domain, guest, "destroy", { api: "autodestroy" }).catch((error: unknown) => {
      hypervisor.log.error({ err: error, domain: domain.name }, "a guest cannot be destroyed with its client");
    });
  }
}

/**
 * Runs work on a running guest as a normal job: by then it may have ended, which is looked at again. Over once the guest's
 * status file has what the work did.
 */
export function withGuest<T>(
  hypervisor: Hypervisor,
  dom: Domain,
  job: { readonly kind: NormalJob; readonly api: string },
  work: (guest: Guest, domain: QemuDomain) => Promise<T> | T,
): Promise<T> {
  const domain = hypervisor.domains.find(dom);
  return domain.jobs.run(job, async () => {
    const guest = domain.active();
    const result = await work(guest, domain);
    await hypervisor.statusWriter(domain, guest).settled();
    return result;
  });
}

async function destroy(hypervisor: Hypervisor, dom: Domain, flags: number, api: string): Promise<void> {
  checkFlags(flags, DESTROY_FLAG.GRACEFUL | DESTROY_FLAG.REMOVE_LOGS, "qemuDomainDestroyFlags");
  const domain = hypervisor.domains.find(dom);
  const guest = domain.active();
  const force = (flags & DESTROY_FLAG.GRACEFUL) === 0;
  // Of several who destroy a guest at once one does; to the others it is off by then.
  if (!(await stopGuest(hypervisor, domain, guest, "destroy", { api, force }))) throw notRunning();
  if ((flags & DESTROY_FLAG.REMOVE_LOGS) !== 0) await rm(hypervisor.layout.logFile(domain.name), { force: true });
}

/** The agent comes with its own kit; until then only the power button is there. */
function checkAgent(flags: number, known: { readonly ACPI_POWER_BTN: number; readonly GUEST_AGENT: number }): void {
  if ((flags & known.GUEST_AGENT) === 0 || (flags & known.ACPI_POWER_BTN) !== 0) return;
  throw qemuError("ARGUMENT_UNSUPPORTED", "QEMU guest agent is not configured", {
    hint: "leave the agent out: --mode acpi",
  });
}

function shutdown(hypervisor: Hypervisor, dom: Domain, flags: number, api: string): Promise<void> {
  checkFlags(flags, SHUTDOWN_FLAG.ACPI_POWER_BTN | SHUTDOWN_FLAG.GUEST_AGENT, "qemuDomainShutdownFlags");
  return withGuest(hypervisor, dom, { kind: "modify", api }, (guest, domain) => {
    if (domain.status.state !== DOMAIN_STATE.RUNNING) throw qemuError("OPERATION_INVALID", "domain is not running");
    checkAgent(flags, SHUTDOWN_FLAG);
    return pressPowerButton(hypervisor, domain, guest, guest.config.onPoweroff.endsWith("restart"));
  });
}

function reboot(hypervisor: Hypervisor, dom: Domain, flags: number): Promise<void> {
  checkFlags(flags, REBOOT_FLAG.ACPI_POWER_BTN | REBOOT_FLAG.GUEST_AGENT, "qemuDomainReboot");
  return withGuest(hypervisor, dom, { kind: "modify", api: "domainReboot" }, (guest, domain) => {
    checkAgent(flags, REBOOT_FLAG);
    const { onReboot } = guest.config;
    return pressPowerButton(hypervisor, domain, guest, onReboot !== "destroy" && onReboot !== "preserve");
  });
}

/** There is no button for a reboot: the guest shuts down, and is then reset instead of ended. */
async function pressPowerButton(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  toReboot: boolean,
): Promise<void> {
  guest.fakeReboot = toReboot;
  hypervisor.statusWriter(domain, guest).saveSoon();
  await guest.qmp("system_powerdown");
}

function reset(hypervisor: Hypervisor, dom: Domain, flags: number): Promise<void> {
  checkFlags(flags, 0, "qemuDomainReset");
  return withGuest(hypervisor, dom, { kind: "modify", api: "domainReset" }, async (guest, domain) => {
    await guest.qmp("system_reset");
    guest.fakeReboot = false;
    hypervisor.transition(domain, "resetAfterCrash");
  });
}

function suspend(hypervisor: Hypervisor, dom: Domain): Promise<void> {
  return withGuest(hypervisor, dom, { kind: "suspend", api: "domainSuspend" }, async (guest, domain) => {
    const { state } = domain.status;
    if (state === DOMAIN_STATE.PMSUSPENDED) throw qemuError("OPERATION_INVALID", "domain is pmsuspended");
    if (state === DOMAIN_STATE.PAUSED) return;
    guest.nextStop = "suspend";
    try {
      await guest.qmp("stop");
    } finally {
      guest.nextStop = undefined;
    }
    await leasesSettled(guest);
  });
}

function resume(hypervisor: Hypervisor, dom: Domain): Promise<void> {
  return withGuest(hypervisor, dom, { kind: "modify", api: "domainResume" }, async (guest, domain) => {
    const { state } = domain.status;
    if (state === DOMAIN_STATE.PMSUSPENDED) throw qemuError("OPERATION_INVALID", "domain is pmsuspended");
    if (state === DOMAIN_STATE.RUNNING) throw qemuError("OPERATION_INVALID", "domain is already running");
    if (state !== DOMAIN_STATE.PAUSED && state !== DOMAIN_STATE.CRASHED) return;
    await takeLeases(hypervisor, domain, guest);
    guest.nextRun = "resume";
    try {
      await guest.qmp("cont");
    } catch (error) {
      await releaseLeases(hypervisor, domain, guest);
      throw error;
    } finally {
      guest.nextRun = undefined;
    }
  });
}
