import { hostname } from "node:os";
import {
  CONSOLE_FLAG,
  type ConnectHandlers,
  checkFlags,
  type DomainConfigHandlers,
  type DomainLifecycleHandlers,
  VirtError,
  XML_FLAG,
} from "@polyvisor/core";
import { formatDomain } from "../conf/domain/index.js";
import { ALL_LIST_FILTERS, selectDomains } from "../store/index.js";
import type { Guest } from "./backend.js";
import type { GuestHypervisor } from "./hypervisor.js";

type Views = ConnectHandlers & DomainLifecycleHandlers & DomainConfigHandlers;

/** Everything that looks at domains, and the way to their consoles. */
export function viewHandlers<G extends Guest>(hypervisor: GuestHypervisor<G>): Views {
  return { ...listHandlers(hypervisor), ...domainHandlers(hypervisor), ...consoleHandlers(hypervisor) };
}

function listHandlers<G extends Guest>({ backend, domains }: GuestHypervisor<G>): Views {
  const active = () => [...domains].filter(({ isActive }) => isActive);
  const defined = () => [...domains].filter(({ isActive, persistent }) => !isActive && persistent);
  const { version } = backend;
  return {
    connectGetType: () => backend.type,
    ...(version !== undefined && { connectGetVersion: () => version }),
    connectGetHostname: () => hostname(),
    connectNumOfDomains: () => active().length,
    connectListDomains: () => active().map(({ ref }) => ref.id),
    connectNumOfDefinedDomains: () => defined().length,
    connectListDefinedDomains: () => defined().map(({ ref }) => ref.name),
    connectListAllDomains({ flags }) {
      checkFlags(flags, ALL_LIST_FILTERS, "connectListAllDomains", "DOM");
      return selectDomains(domains, flags).map(({ ref }) => ref);
    },
    domainLookupByName: ({ name }) => domains.lookupByName(name).ref,
    domainLookupByUUID: ({ uuid }) => domains.lookupByUUID(uuid).ref,
    domainLookupByID: ({ id }) => domains.lookupByID(id).ref,
  };
}

function domainHandlers<G extends Guest>({ backend, domains }: GuestHypervisor<G>): Views {
  return {
    async domainGetInfo({ dom }) {
      const domain = domains.find(dom);
      const { memory, currentMemory, vcpu } = domain.config();
      const { state } = domain.status;
      const cpuTime = domain.run === undefined ? 0n : ((await backend.cpuTime?.(domain.run.guest)) ?? 0n);
      return { state, maxMem: memory, memory: currentMemory, nrVirtCpu: vcpu.current, cpuTime };
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
    domainHasManagedSaveImage({ dom, flags }) {
      checkFlags(flags, 0, "domainHasManagedSaveImage", "DOM");
      return domains.find(dom).hasManagedSave ? 1 : 0;
    },
    domainIsUpdated({ dom }) {
      domains.find(dom);
      return false;
    },
  };
}

function consoleHandlers<G extends Guest>({ backend, domains }: GuestHypervisor<G>): Views {
  if (backend.console === undefined) return {};
  return {
    async domainOpenConsole({ dom, devName, flags }) {
      checkFlags(flags, CONSOLE_FLAG.FORCE | CONSOLE_FLAG.SAFE, "domainOpenConsole", "DOM");
      const domain = domains.find(dom);
      const guest = domain.active();
      const isTaken = domain.console !== undefined && !domain.console.destroyed;
      if (isTaken && (flags & CONSOLE_FLAG.FORCE) === 0)
        throw new VirtError("OPERATION_FAILED", "Active console session exists for this domain", {
          hint: "--force takes it over",
        });
      domain.console?.destroy();
      const console = await backend.console?.(guest, devName);
      domain.console = console;
      return console as NonNullable<typeof console>;
    },
  };
}
