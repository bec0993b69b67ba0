import type { Domain, DomainLifecycleHandlers, DomainSaveHandlers } from "@polyvisor/core";
import { checkFlags, hypervError } from "../errors.js";
import { invalidState, type Machine, type Machines } from "../machine/machines.js";
import { ENABLED, REQUEST } from "../machine/states.js";
import { quoted, select } from "../wmi/wql.js";

const SHUTDOWN = "Msvm_ShutdownComponent";

/** A machine's way through its states. */
export function lifecycleHandlers(machines: Machines): DomainLifecycleHandlers & DomainSaveHandlers {
  /** Asks for a state where the machine is fit for it. */
  const request =
    (state: number, refusal: (machine: Machine) => string | undefined) =>
    async (dom: Domain): Promise<void> => {
      const detail = refusal(await machines.find(dom));
      if (detail !== undefined) throw invalidState(detail);
      await machines.requestState(dom, state);
    };

  const settled = ({ isActive, isChanging }: Machine) =>
    isActive && !isChanging ? undefined : "Domain is not active or is in state transition";
  const running = ({ enabledState }: Machine) => (enabledState === ENABLED.ON ? undefined : "Domain is not active");

  const start = request(REQUEST.START, ({ isActive }) =>
    isActive ? "Domain is already active or is in state transition" : undefined,
  );
  const destroy = request(REQUEST.TURN_OFF, settled);
  const suspend = request(REQUEST.PAUSE, running);
  const reboot = request(REQUEST.REBOOT, running);
  const reset = request(REQUEST.RESET, running);
  const save = request(REQUEST.SAVE, settled);
  const resume = request(REQUEST.START, ({ enabledState }) =>
    enabledState === ENABLED.PAUSED ? undefined : "Domain is not paused",
  );
  const forget = request(REQUEST.TURN_OFF, ({ enabledState }) =>
    enabledState === ENABLED.SAVED ? undefined : "Domain has no managed save image",
  );

  return {
    domainCreate: ({ dom }) => start(dom),
    async domainCreateWithFlags({ dom, flags }) {
      checkFlags(flags, 0, "hypervDomainCreateWithFlags");
      await start(dom);
      return (await machines.find(dom)).ref;
    },
    domainDestroy: ({ dom }) => destroy(dom),
    domainDestroyFlags({ dom, flags }) {
      checkFlags(flags, 0, "hypervDomainDestroyFlags");
      return destroy(dom);
    },
    domainSuspend: ({ dom }) => suspend(dom),
    domainResume: ({ dom }) => resume(dom),
    domainReboot({ dom, flags }) {
      checkFlags(flags, 0, "hypervDomainReboot");
      return reboot(dom);
    },
    domainReset({ dom, flags }) {
      checkFlags(flags, 0, "hypervDomainReset");
      return reset(dom);
    },
    domainShutdown: ({ dom }) => shutdown(machines, dom),
    domainShutdownFlags({ dom, flags }) {
      checkFlags(flags, 0, "hypervDomainShutdownFlags");
      return shutdown(machines, dom);
    },
    domainManagedSave({ dom, flags }) {
      checkFlags(flags, 0, "hypervDomainManagedSave");
      return save(dom);
    },
    domainManagedSaveRemove({ dom, flags }) {
      checkFlags(flags, 0, "hypervDomainManagedSaveRemove");
      return forget(dom);
    },
  };
}

/** Asks the guest itself, whose integration services must be there. */
async function shutdown(machines: Machines, dom: Domain): Promise<void> {
  const [machine, [component]] = await Promise.all([
    machines.find(dom),
    machines.wmi.query(SHUTDOWN, select(SHUTDOWN, `SystemName = ${quoted(dom.uuid)}`)),
  ]);
  if (!machine.isActive || machine.isChanging) {
    throw invalidState("Domain is not active or in state transition");
  }
  if (component === undefined) {
    const detail = `Could not get Msvm_ShutdownComponent for domain with UUID '${dom.uuid}'`;
    throw hypervError("OPERATION_FAILED", detail, "are Hyper-V's integration services installed in the guest?");
  }
  await machines.invoke(dom, {
    className: SHUTDOWN,
    selectors: {
      CreationClassName: SHUTDOWN,
      DeviceID: component.required("DeviceID"),
      SystemCreationClassName: "Msvm_ComputerSystem",
      SystemName: dom.uuid,
    },
    method: "InitiateShutdown",
    parameters: [
      { name: "Force", text: "False" },
      { name: "Reason", text: "Planned shutdown via libvirt" },
    ],
  });
}
