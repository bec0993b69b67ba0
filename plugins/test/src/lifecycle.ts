import {
  CREATE_FLAG,
  DESTROY_FLAG,
  DOMAIN_STATE,
  type Domain,
  type DomainLifecycleHandlers,
  LIFECYCLE_EVENT,
  REBOOT_FLAG,
  RESUMED_DETAIL,
  STARTED_DETAIL,
  STOPPED_DETAIL,
  SUSPENDED_DETAIL,
} from "@polyvisor/core";
import type { LifecycleAction } from "@polyvisor/sdk/conf";
import { STATUS, type Status, type TestDomain } from "./domain.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

const ANY_REBOOT = Object.values<number>(REBOOT_FLAG).reduce((all, flag) => all | flag, 0);

/** Starting, stopping and pausing. */
export function lifecycleHandlers(hypervisor: TestHypervisor): DomainLifecycleHandlers {
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
    stop(hypervisor, domain, STATUS.DESTROYED, STOPPED_DETAIL.DESTROYED);
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
      pause(hypervisor, domain);
    },

    domainResume({ dom }) {
      const domain = domains.find(dom);
      if (domain.status.state !== DOMAIN_STATE.PAUSED) {
        throw testError("INTERNAL_ERROR", `domain '${domain.ref.name}' not paused`, "only a paused domain is resumed");
      }
      domain.status = STATUS.RESUMED;
      hypervisor.announce(domain, LIFECYCLE_EVENT.RESUMED, RESUMED_DETAIL.UNPAUSED);
    },
  };
}

/** Starts a domain that is off and tells so; `flags` are of `CREATE_FLAG`. */
export function start(hypervisor: TestHypervisor, domain: TestDomain, flags: number): void {
  hypervisor.boot(domain);
  hypervisor.announce(domain, LIFECYCLE_EVENT.STARTED, STARTED_DETAIL.BOOTED);
  if ((flags & CREATE_FLAG.PAUSED) !== 0) pause(hypervisor, domain);
}

function pause(hypervisor: TestHypervisor, domain: TestDomain): void {
  domain.status = STATUS.SUSPENDED;
  hypervisor.announce(domain, LIFECYCLE_EVENT.SUSPENDED, SUSPENDED_DETAIL.PAUSED);
}

/** A domain that was only created is gone with its end. */
function stop(hypervisor: TestHypervisor, domain: TestDomain, status: Status, detail: number): void {
  domain.stop(status);
  if (domain.persistent) hypervisor.domains.reindex(domain);
  else hypervisor.domains.remove(domain);
  hypervisor.announce(domain, LIFECYCLE_EVENT.STOPPED, detail);
}

/** What the guest does once it has shut down is configured: it boots again under the same id, or it stays off. */
function powerCycle(hypervisor: TestHypervisor, domain: TestDomain, action: LifecycleAction): void {
  if (action === "restart" || action === "rename-restart") domain.status = STATUS.BOOTED;
  else stop(hypervisor, domain, STATUS.SHUT_DOWN, STOPPED_DETAIL.SHUTDOWN);
}

function notRunning(domain: TestDomain): Error {
  return testError("INTERNAL_ERROR", `domain '${domain.ref.name}' not running`, "start or resume the domain first");
}
