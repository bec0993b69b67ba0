import { checkFlags, type Domain, DomainRef, type HypervisorHandlers } from "@polyvisor/core";
import type { PowerState } from "../machine.js";
import type { Server, Site } from "../server.js";
import { esxError } from "../soap/error.js";
import { STATES } from "./listing.js";

const WORDS: Readonly<Record<PowerState, string>> = {
  poweredOn: "powered on",
  poweredOff: "powered off",
  suspended: "suspended",
};

/** A machine's way through its states, and what it is right now. */
export function powerHandlers(server: Server): HypervisorHandlers {
  const { machines } = server;

  /** A task that a machine in a state can do. */
  async function task(dom: Domain, from: PowerState, method: string, what: string, site?: Site): Promise<Domain> {
    const machine = await machines.prepare(dom.uuid, site);
    expectPower(machine.power, from);
    const end = await machines.perform(method, machine.ref, "", machine.ref, site);
    if (!end.ok) {
      throw esxError("INTERNAL_ERROR", `Could not ${what} domain: ${end.words}`, "the server's own log says more");
    }
    return machine.dom;
  }

  /** What the guest itself is asked to do, by its tools. */
  async function ask(dom: Domain, method: string): Promise<void> {
    const machine = await machines.find(dom.uuid);
    expectPower(machine.power, "poweredOn");
    try {
      await server.primary.session.call(method, machine.ref);
    } finally {
      machines.changed();
    }
  }

  async function create(dom: Domain): Promise<Domain> {
    const { name, uuid } = await task(dom, "poweredOff", "PowerOnVM_Task", "start");
    return new DomainRef(name, uuid, (await machines.look(uuid)).number);
  }

  const destroy = (dom: Domain) => task(dom, "poweredOn", "PowerOffVM_Task", "destroy", server.vcenter);

  return {
    domainCreate: async ({ dom }) => void (await create(dom)),
    domainCreateWithFlags({ dom, flags }) {
      checkFlags(flags, 0, "esxDomainCreateWithFlags", "ESX");
      return create(dom);
    },
    domainSuspend: async ({ dom }) => void (await task(dom, "poweredOn", "SuspendVM_Task", "suspend")),
    domainResume: async ({ dom }) => void (await task(dom, "suspended", "PowerOnVM_Task", "resume")),
    domainShutdown: ({ dom }) => ask(dom, "ShutdownGuest"),
    domainShutdownFlags({ dom, flags }) {
      checkFlags(flags, 0, "esxDomainShutdownFlags", "ESX");
      return ask(dom, "ShutdownGuest");
    },
    domainReboot({ dom, flags }) {
      checkFlags(flags, 0, "esxDomainReboot", "ESX");
      return ask(dom, "RebootGuest");
    },
    async domainReset({ dom, flags }) {
      checkFlags(flags, 0, "virDomainReset", "ESX");
      await task(dom, "poweredOn", "ResetVM_Task", "reset");
    },
    domainDestroy: async ({ dom }) => void (await destroy(dom)),
    async domainDestroyFlags({ dom, flags }) {
      checkFlags(flags, 0, "esxDomainDestroyFlags", "ESX");
      await destroy(dom);
    },
    async domainGetState({ dom, flags }) {
      checkFlags(flags, 0, "esxDomainGetState", "ESX");
      return { state: STATES[(await machines.look(dom.uuid)).power], reason: 0 };
    },
    async domainGetInfo({ dom }) {
      const { power, memoryMib, cpus, memoryLimit } = await machines.figures(dom.uuid);
      const maxMem = memoryMib * 1024;
      return {
        state: STATES[power],
        maxMem,
        memory: memoryLimit < 0 ? maxMem : memoryLimit * 1024,
        nrVirtCpu: cpus,
        // the server tells of shares of intervals, and not of all the time that was used
        cpuTime: 0,
      };
    },
    domainIsActive: async ({ dom }) => (await machines.look(dom.uuid)).power !== "poweredOff",
    async domainIsPersistent({ dom }) {
      await machines.look(dom.uuid);
      return true;
    },
    async domainIsUpdated({ dom }) {
      await machines.look(dom.uuid);
      return false;
    },
    async domainHasManagedSaveImage({ dom, flags }) {
      checkFlags(flags, 0, "esxDomainHasManagedSaveImage", "ESX");
      await machines.look(dom.uuid);
      return 0;
    },
    async domainGetOSType({ dom }) {
      await machines.look(dom.uuid);
      return "hvm";
    },
  };
}

export function expectPower(found: PowerState, wanted: PowerState): void {
  if (found === wanted) return;
  throw esxError("OPERATION_INVALID", `Domain is not ${WORDS[wanted]}`, `it is ${WORDS[found]}`);
}
