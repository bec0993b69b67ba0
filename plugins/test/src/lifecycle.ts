import {
  CREATE_FLAG,
  DESTROY_FLAG,
  DOMAIN_STATE,
  type Domain,
  type DomainActionsHandlers,
  type DomainLifecycleHandlers,
  REBOOT_FLAG,
} from "@polyvisor/core";
import type { LifecycleAction } from "@polyvisor/sdk/conf";
import { type EndingName, shutoff } from "@polyvisor/sdk/lifecycle";
import type { TestDomain } from "./domain.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";
import { behaviourOf, failureOf } from "./simulation/behaviour.js";

const ANY_REBOOT = Object.values<number>(REBOOT_FLAG).reduce((all, flag) => all | flag, 0);

/** Starting, stopping and pausing. */
export function lifecycleHandlers(hypervisor: TestHypervisor): DomainLifecycleHandlers & DomainActionsHandlers {
  const { domains } = hypervisor;

  function create(dom: Domain, flags: number): Domain {
    checkFlags(flags, CREATE_FLAG.PAUSED, "testDomainCreateWithFlags");
    const domain = domains.find(dom);
    if (domain.status.state !== DOMAIN_STATE.SHUTOFF) {
      throw testError("INTERNAL_ERROR", `Domain '${domain.ref.name}' is already running`, "nothing is left to do");
    }
    start(hypervisor, domain, flags);
    return domain.ref;
  }

  function destroy(dom: Domain, flags: number): void {
    checkFlags(flags, DESTROY_FLAG.GRACEFUL, "testDomainDestroyFlags");
    const domain = domains.find(dom);
    domain.expectActive();
    stop(hypervisor, domain, "destroy");
  }

  function shutdown(dom: Domain, flags: number): void {
    checkFlags(flags, 0, "testDomainShutdownFlags");
    const domain = domains.find(dom);
    if (domain.status.state === DOMAIN_STATE.SHUTOFF) throw notRunning(domain);
    powerCycle(hypervisor, domain, domain.config.onPoweroff);
  }

  return {
    domainCreate: ({ dom }) => void create(dom, 0),
    domainCreateWithFlags: ({ dom, flags }) => create(dom, flags),
    // there is no guest that could inherit files
    domainCreateWithFiles: ({ dom, flags }) => create(dom, flags),
    domainDestroy: ({ dom }) => destroy(dom, 0),
    domainDestroyFlags: ({ dom, flags }) => destroy(dom, flags),
    domainShutdown: ({ dom }) => shutdown(dom, 0),
    domainShutdownFlags: ({ dom, flags }) => shutdown(dom, flags),

    domainReboot({ dom, flags }) {
      checkFlags(flags, ANY_REBOOT, "testDomainReboot");
      const domain = domains.find(dom);
      domain.expectActive();
      powerCycle(hypervisor, domain, domain.config.onReboot);
    },

    domainReset({ dom, flags }) {
      checkFlags(flags, 0, "testDomainReset");
      domains.find(dom).expectActive();
    },

    domainSuspend({ dom }) {
      const domain = domains.find(dom);
      const { state } = domain.status;
      if (state === DOMAIN_STATE.SHUTOFF || state === DOMAIN_STATE.PAUSED) throw notRunning(domain);
      hypervisor.transition(domain, "suspend");
    },

    domainResume({ dom }) {
      const domain = domains.find(dom);
      if (domain.status.state !== DOMAIN_STATE.PAUSED) {
        throw testError("INTERNAL_ERROR", `domain '${domain.ref.name}' not paused`, "only a paused domain is resumed");
      }
      hypervisor.transition(domain, "resume");
    },
  };
}

/** Starts a domain that is off and tells so; `flags` are of `CREATE_FLAG`. */
export function start(hypervisor: TestHypervisor, domain: TestDomain, flags: number): void {
  const failure = behaviourOf(domain.config).start;
  if (failure !== undefined) {
    abandon(hypervisor, domain);
    throw failureOf(failure);
  }
  hypervisor.boot(domain);
  hypervisor.transition(domain, "boot");
  if ((flags & CREATE_FLAG.PAUSED) !== 0) hypervisor.transition(domain, "suspend");
}

/** A domain does not come up: it is off, or gone where it was never defined. */
function abandon({ domains }: TestHypervisor, domain: TestDomain): void {
  domain.stop();
  domain.status = shutoff("FAILED");
  if (!domain.persistent) domains.remove(domain);
}

/** A domain that was only created is gone with its end. */
export function stop(hypervisor: TestHypervisor, domain: TestDomain, ending: EndingName): void {
  domain.stop();
  if (domain.persistent) hypervisor.domains.reindex(domain);
  else hypervisor.domains.remove(domain);
  hypervisor.transition(domain, ending);
}

/** What the guest does once it has shut down is configured: it boots again under the same id, or it stays off. */
function powerCycle(hypervisor: TestHypervisor, domain: TestDomain, action: LifecycleAction): void {
  if (action === "restart" || action === "rename-restart") hypervisor.transition(domain, "rebootInPlace");
  else stop(hypervisor, domain, "finish");
}

function notRunning(domain: TestDomain): Error {
  return testError("INTERNAL_ERROR", `domain '${domain.ref.name}' not running`, "start or resume the domain first");
}
