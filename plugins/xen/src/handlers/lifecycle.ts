import {
  type CallContext,
  type Domain,
  type DomainActionsHandlers,
  type DomainLifecycleHandlers,
  REBOOT_FLAG,
  SHUTDOWN_FLAG,
} from "@polyvisor/core";
import { pmSuspended } from "@polyvisor/sdk/lifecycle";
import { checkFlags, xenError } from "../errors.js";
import type { XenHypervisor } from "../hypervisor.js";
import { withRunning } from "./change.js";

type Lifecycle = DomainLifecycleHandlers & DomainActionsHandlers;

/** Pausing, and what a guest is asked to do by itself. */
export function lifecycleHandlers(hypervisor: XenHypervisor): Lifecycle {
  const { guests } = hypervisor;

  const suspend = (dom: Domain, context: CallContext) =>
    withRunning(hypervisor, { dom, api: "domainSuspend", context }, async (domain) => {
      if (domain.status.state !== RUNNING) return;
      await hypervisor.suspend(domain.active());
      await guests.transition(domain, "suspend");
    });

  const resume = (dom: Domain, context: CallContext) =>
    withRunning(hypervisor, { dom, api: "domainResume", context }, async (domain) => {
      if (domain.status.state !== PAUSED) return;
      await hypervisor.resume(domain.active());
      await guests.transition(domain, "resume");
    });

  /** A guest without drivers for Xen's requests is told as if its power button were pressed. */
  const ask = (what: "shutdown" | "reboot", dom: Domain, flags: number, context: CallContext) => {
    const api = what === "shutdown" ? "domainShutdownFlags" : "domainReboot";
    return withRunning(hypervisor, { dom, api, context }, async (domain) => {
      const { id } = domain.ref;
      const asAcpi = flags === 0 || (flags & SHUTDOWN_FLAG.ACPI_POWER_BTN) !== 0;
      const isMachine = domain.config().os.type === "hvm";
      const words = asAcpi && isMachine ? [what, "-F", String(id)] : [what, String(id)];
      await hypervisor.xl.run(words, `Failed to ${what} domain '${id}' with libxenlight`);
    });
  };

  return {
    domainSuspend: ({ dom }, context) => suspend(dom, context),
    domainResume: ({ dom }, context) => resume(dom, context),
    domainShutdown: ({ dom }, context) => ask("shutdown", dom, 0, context),
    domainShutdownFlags({ dom, flags }, context) {
      checkFlags(flags, SHUTDOWN_FLAG.ACPI_POWER_BTN | SHUTDOWN_FLAG.PARAVIRT, "libxlDomainShutdownFlags");
      return ask("shutdown", dom, flags, context);
    },
    domainReboot({ dom, flags }, context) {
      checkFlags(flags, REBOOT_FLAG.PARAVIRT | REBOOT_FLAG.ACPI_POWER_BTN, "libxlDomainReboot");
      return ask("reboot", dom, flags, context);
    },
    domainPMSuspendForDuration({ dom, target, duration, flags }, context) {
      checkFlags(flags, 0, "libxlDomainPMSuspendForDuration");
      if (target !== TO_MEMORY)
        throw xenError("ARGUMENT_UNSUPPORTED", `PMSuspend type ${target} not supported by libxenlight driver`);
      if (BigInt(duration) !== 0n)
        throw xenError("ARGUMENT_UNSUPPORTED", "Duration not supported. Use 0 for now", "leave --duration out");
      return withRunning(hypervisor, { dom, api: "domainPMSuspendForDuration", context }, async (domain) => {
        const { id } = domain.ref;
        if (domain.status.state !== RUNNING) throw xenError("OPERATION_INVALID", "domain is not running");
        await hypervisor.xl.runLong(["suspend", String(id)], `Failed to suspend domain '${id}'`);
        await guests.transition(domain, "sleep");
      });
    },
    domainPMWakeup({ dom, flags }, context) {
      checkFlags(flags, 0, "libxlDomainPMWakeup");
      return withRunning(hypervisor, { dom, api: "domainPMWakeup", context }, async (domain) => {
        const { id } = domain.ref;
        if (domain.status.state !== pmSuspended.state) throw xenError("OPERATION_INVALID", "Domain is not suspended");
        await hypervisor.xl.runLong(["resume", String(id)], `Failed to resume domain '${id}'`);
        await guests.transition(domain, "wakeUp");
      });
    },
    domainInjectNMI({ dom, flags }, context) {
      checkFlags(flags, 0, "libxlDomainInjectNMI");
      return withRunning(hypervisor, { dom, api: "domainInjectNMI", context }, async ({ ref: { id } }) => {
        await hypervisor.xl.run(["trigger", String(id), "nmi"], `Failed to inject NMI into domain '${id}'`);
      });
    },
  };
}

const RUNNING = 1;
const PAUSED = 3;
const TO_MEMORY = 0;
