import type { DomainActionsHandlers } from "@polyvisor/core";
import type { QemuDomain } from "../domain.js";
import { checkFlags } from "../errors.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { noteInLog } from "../log/index.js";
import { TAINTS, type Taint } from "../taint.js";

const DEPRECATION = 1;
const TAINTING = 2;

/** What an operator should know of a running guest. */
export function messageHandlers(hypervisor: Hypervisor): DomainActionsHandlers {
  return {
    domainGetMessages({ dom, flags }) {
      checkFlags(flags, DEPRECATION | TAINTING, "qemuDomainGetMessages");
      const { guest } = hypervisor.domains.find(dom);
      if (guest === undefined || flags === DEPRECATION) return [];
      return taintsOf(guest).map((taint) => `tainted: ${TAINTS[taint]}`);
    },
  };
}

function taintsOf(guest: Guest): Taint[] {
  return (Object.keys(TAINTS) as Taint[]).filter((taint) => guest.taints.has(taint));
}

/** Something was done to the guest of which nobody can say what it does. This is told once, and seen as long as it runs. */
export async function taint(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, what: Taint): Promise<void> {
  if (guest.taints.has(what)) return;
  guest.taints.add(what);
  hypervisor.statusWriter(domain, guest).saveSoon();
  hypervisor.log.warn({ domain: domain.name, uuid: domain.uuid, id: guest.id }, `a domain is tainted: ${what}`);
  await noteInLog(hypervisor, domain, `Domain id=${guest.id} is tainted: ${what}`);
}
