import { hostname } from "node:os";
import { PassThrough } from "node:stream";
import {
  CONSOLE_FLAG,
  type ConnectHandlers,
  checkFlags,
  type DomainConfigHandlers,
  type DomainLifecycleHandlers,
  type ErrorName,
  VirtError,
  XML_FLAG,
} from "@polyvisor/core";
import { formatDomain } from "../../conf/domain/index.js";
import { ALL_LIST_FILTERS, selectDomains } from "../../store/index.js";
import type { ToyDomain } from "./domain.js";
import type { ToyHypervisor } from "./hypervisor.js";

/** Everything that looks at domains, and the way to their consoles. */
export function viewHandlers(
  hypervisor: ToyHypervisor,
): ConnectHandlers & DomainLifecycleHandlers & DomainConfigHandlers {
  const { domains } = hypervisor;
  const active = () => [...domains].filter(({ isActive }) => isActive);
  const off = () => [...domains].filter(({ isActive }) => !isActive);
  return {
    connectGetType: () => "TOY",
    connectGetVersion: () => 1_000_000,
    connectGetHostname: () => hostname(),
    connectNumOfDomains: () => active().length,
    connectListDomains: () => active().map(({ ref }) => ref.id),
    connectNumOfDefinedDomains: () => off().length,
    connectListDefinedDomains: () => off().map(({ ref }) => ref.name),
    connectListAllDomains({ flags }) {
      checkFlags(flags, ALL_LIST_FILTERS, "connectListAllDomains", "DOM");
      return selectDomains(domains, flags).map(({ ref }) => ref);
    },
    domainLookupByName: ({ name }) => domains.lookupByName(name).ref,
    domainLookupByUUID: ({ uuid }) => domains.lookupByUUID(uuid).ref,
    domainLookupByID: ({ id }) => domains.lookupByID(id).ref,
    domainGetInfo({ dom }) {
      const domain = domains.find(dom);
      const { memory, currentMemory, vcpu } = domain.config();
      const { state } = domain.status;
      return { state, maxMem: memory, memory: currentMemory, nrVirtCpu: vcpu.current, cpuTime: cpuTime(domain) };
    },
    domainGetState({ dom, flags }) {
      checkFlags(flags, 0, "domainGetState", "DOM");
      return domains.find(dom).status;
    },
    domainGetXMLDesc({ dom, flags }) {
      checkFlags(flags, XML_FLAG.SECURE | XML_FLAG.INACTIVE | XML_FLAG.MIGRATABLE, "domainGetXMLDesc", "DOM");
      const inactive = (flags & XML_FLAG.INACTIVE) !== 0;
      return formatDomain(domains.find(dom).config(inactive), { inactive, secure: (flags & XML_FLAG.SECURE) !== 0 });
    },
    domainGetOSType: ({ dom }) => domains.find(dom).config().os.type,
    domainGetAutostart: ({ dom }) => domains.find(dom).autostart,
    domainIsActive: ({ dom }) => domains.find(dom).isActive,
    domainIsPersistent: ({ dom }) => domains.find(dom).persistent,
    domainIsUpdated({ dom }) {
      domains.find(dom);
      return false;
    },
    domainOpenConsole({ dom, devName, flags }) {
      checkFlags(flags, CONSOLE_FLAG.FORCE, "domainOpenConsole", "DOM");
      const domain = domains.find(dom);
      domain.expectActive();
      if (devName !== null && devName !== "console0") throw refused("INVALID_ARG", `no console '${devName}'`);
      const isTaken = domain.console !== undefined && !domain.console.destroyed;
      if (isTaken && flags === 0) throw refused("OPERATION_FAILED", "Active console session exists for this domain");
      domain.console?.destroy();
      domain.console = new PassThrough();
      return domain.console;
    },
  };
}

function refused(code: ErrorName, detail: string): VirtError {
  return new VirtError(code, detail, { hint: "a guest has one console, console0, for one client at a time" });
}

/** In nanoseconds: the toy's one processor is always busy. */
function cpuTime({ isActive, since }: ToyDomain): bigint {
  return isActive ? process.hrtime.bigint() - since : 0n;
}
