import { DOMAIN_STATE, type Domain, type DomainLifecycleHandlers, type DomainSaveHandlers } from "@polyvisor/core";
import { checkFlags, vboxError } from "../errors.js";
import type { MachineInfo } from "../machine/info.js";
import type { Machines } from "../machine/machines.js";
import { FRONTEND } from "../machine/screens.js";
import { isActive, stateOf } from "../machine/state.js";

const { RUNNING, PAUSED } = DOMAIN_STATE;
const STARTABLE = ["poweroff", "saved", "aborted", "aborted-saved", "teleported"];

type Handlers = DomainLifecycleHandlers & DomainSaveHandlers;

/** Starting, pausing and stopping machines. */
export function lifecycleHandlers(machines: Machines): Handlers {
  const { manage } = machines;

  /** One command of `controlvm`, where the machine is in a state that allows it. */
  const control =
    (command: string, refusal: (info: MachineInfo) => string | undefined) =>
    ({ dom }: { readonly dom: Domain }, context: Parameters<Machines["change"]>[1]["context"]) =>
      machines.change(dom, { api: command, context }, async () => {
        const detail = refusal(await machines.info(dom));
        if (detail !== undefined)
          throw vboxError("OPERATION_INVALID", detail, { hint: "virsh domstate tells its state" });
        await manage.run("controlvm", dom.uuid, command);
      });

  const shutdown = control("acpipowerbutton", (info) => {
    if (stateOf(info) === PAUSED) return "machine paused, so can't power it down";
    return isActive(info) ? undefined : "machine already powered down";
  });
  const destroy = control("poweroff", (info) => (isActive(info) ? undefined : "machine already powered down"));
  const suspend = control("pause", (info) =>
    stateOf(info) === RUNNING ? undefined : "machine not in running state to suspend it",
  );
  const resume = control("resume", (info) =>
    stateOf(info) === PAUSED ? undefined : "machine not paused, so can't resume it",
  );
  const restart = control("reset", (info) =>
    stateOf(info) === RUNNING ? undefined : "machine not running, so can't reboot it",
  );
  const save = control("savestate", (info) =>
    isActive(info) ? undefined : "machine not running, so its state can't be saved",
  );

  return {
    domainCreate: ({ dom }, context) =>
      machines.change(dom, { api: "domainCreate", context }, () => start(machines, dom)),
    async domainCreateWithFlags({ dom, flags }, context) {
      checkFlags(flags, 0, "vboxDomainCreateWithFlags");
      await machines.change(dom, { api: "domainCreateWithFlags", context }, () => start(machines, dom));
      return (await machines.find(dom)).ref;
    },
    domainShutdown: shutdown,
    domainShutdownFlags({ dom, flags }, context) {
      checkFlags(flags, 0, "vboxDomainShutdownFlags");
      return shutdown({ dom }, context);
    },
    domainDestroy: destroy,
    domainDestroyFlags({ dom, flags }, context) {
      checkFlags(flags, 0, "vboxDomainDestroyFlags");
      return destroy({ dom }, context);
    },
    domainSuspend: suspend,
    domainResume: resume,
    domainReboot({ dom, flags }, context) {
      checkFlags(flags, 0, "vboxDomainReboot");
      return restart({ dom }, context);
    },
    domainReset({ dom, flags }, context) {
      checkFlags(flags, 0, "vboxDomainReset");
      return restart({ dom }, context);
    },
    // VirtualBox saves a machine in the machine's own folder, wherever the caller wants it.
    domainSave: ({ dom }, context) => save({ dom }, context),
    domainManagedSave({ dom, flags }, context) {
      checkFlags(flags, 0, "vboxDomainManagedSave");
      return save({ dom }, context);
    },
    domainManagedSaveRemove({ dom, flags }, context) {
      checkFlags(flags, 0, "vboxDomainManagedSaveRemove");
      return machines.change(dom, { api: "domainManagedSaveRemove", context }, async () => {
        await machines.info(dom);
        await manage.run("discardstate", dom.uuid);
      });
    },
  };
}

/** Must run as the machine's job. Shown as the machine's definition says, without a screen where a daemon has none. */
export async function start(machines: Machines, dom: Domain): Promise<void> {
  const { manage } = machines;
  const before = await machines.info(dom);
  if (!STARTABLE.includes(before.text("VMState") ?? ""))
    throw vboxError("OPERATION_INVALID", "machine is not in poweroff|saved|aborted state, so couldn't start it", {
      hint: "virsh domstate tells its state",
    });
  const kept = await manage.try("getextradata", dom.uuid, FRONTEND.type);
  const [, type] = "complaint" in kept ? [] : (/^Value: (\S+)/m.exec(kept.output) ?? []);
  const isWindowed = (type === "gui" || type === "sdl") && process.env.DISPLAY !== undefined;
  await manage.run("startvm", dom.uuid, "--type", isWindowed ? type : "headless");
}
