import type { Domain, TypedParam } from "@polyvisor/core";
import type { Cgroup, Controller } from "@polyvisor/sdk/cgroup";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf";
import { type Target, targetOf, targetsOf } from "@polyvisor/sdk/lifecycle";
import type { Tuned, TuningCall } from "@polyvisor/sdk/tuning";
import type { QemuDomain } from "../../domain.js";
import { qemuError } from "../../errors.js";
import type { Guest } from "../../guest.js";
import type { Hypervisor } from "../../hypervisor.js";

export interface TuningChange {
  /**
   * Does to the running guest what `edit` writes down; where it fails nothing is written down. Resolves with what clients are
   * told of it.
   */
  readonly apply: (guest: Guest, group: Cgroup | undefined) => Promise<readonly TypedParam[]>;
  /** Refuses what cannot be; called before anything is changed. */
  readonly edit: (config: DomainConfig, target: Target) => DomainConfig;
}

/** Changes the running guest, the definition, or both, as `flags` choose. */
export function tune(hypervisor: Hypervisor, { dom, flags, api }: TuningCall, change: TuningChange): Promise<void> {
  const domain = hypervisor.domains.find(dom);
  return domain.jobs.run({ kind: "modify", api }, async () => {
    const targets = targetsOf(domain, flags);
    const guest = targets.includes("live") ? domain.active() : undefined;
    const definition = targets.includes("config") ? await hypervisor.definitions.load(domain.name) : undefined;
    const edited = definition && change.edit(definition, "config");
    if (guest !== undefined) {
      const live = change.edit(guest.config, "live");
      const news = await change.apply(guest, await hypervisor.confinement.groupOf(guest));
      guest.config = live;
      await hypervisor.statusWriter(domain, guest).save();
      if (news.length > 0) hypervisor.emit({ kind: "tunable", dom: domain.ref, params: [...news] });
    }
    if (edited !== undefined) await hypervisor.definitions.save(edited);
  });
}

/** The guests, for the calls that are the same over every driver's groups. */
export function tunedGuests(hypervisor: Hypervisor): Tuned<Guest> {
  return {
    prefix: "qemu",
    errors: "QEMU",
    mode: hypervisor.info.mode,
    async chosen(dom, flags) {
      const { config, guest } = await chosen(hypervisor, dom, flags);
      return guest === undefined
        ? { config }
        : { config, live: { guest, group: await hypervisor.confinement.groupOf(guest) } };
    },
    tune: (call, { edit, apply }) =>
      tune(hypervisor, call, {
        edit,
        apply: (guest, group) => apply({ guest, group }, guest.config),
      }),
  };
}

/** What a query looks at: the configuration that `flags` choose, and the guest where it is that of a running one. */
export async function chosen(
  hypervisor: Hypervisor,
  dom: Domain,
  flags: number,
): Promise<{ readonly domain: QemuDomain; readonly config: DomainConfig; readonly guest: Guest | undefined }> {
  const domain = hypervisor.domains.find(dom);
  if (targetOf(domain, flags) === "config") {
    return { domain, config: await hypervisor.definitions.load(domain.name), guest: undefined };
  }
  const guest = domain.active();
  return { domain, config: guest.config, guest };
}

/** A guest's group with a controller. Fails in libvirt's words where there is none. */
export function groupWith(group: Cgroup | undefined, controller: Controller): Cgroup {
  if (group?.has(controller)) return group;
  const name = controller === "cpu" || controller === "cpuacct" ? controller.toUpperCase() : controller;
  throw qemuError("OPERATION_INVALID", `cgroup ${name} controller is not mounted`, {
    hint: "the kernel's controller is not mounted, or cgroup_controllers in plugins/qemu.conf leaves it out",
  });
}
