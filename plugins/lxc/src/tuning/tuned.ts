import { targetOf, targetsOf } from "@polyvisor/sdk/lifecycle";
import type { SchedulerPart, Tuned } from "@polyvisor/sdk/tuning";
import type { Container } from "../container/container.js";
import type { LxcHypervisor } from "../pieces.js";

/** Containers, for the calls that are the same over every driver's groups. They are of the system: a user has none. */
export function tunedContainers(hypervisor: LxcHypervisor): Tuned<Container> {
  return {
    prefix: "lxc",
    errors: "LXC",
    mode: "system",
    async chosen(dom, flags) {
      const domain = hypervisor.domains.find(dom);
      if (targetOf(domain, flags) === "config") return { config: domain.config(true) };
      const guest = domain.active();
      return { config: domain.config(), live: { guest, group: guest.cgroup } };
    },
    tune({ dom, flags, api }, { edit, apply }) {
      const domain = hypervisor.domains.find(dom);
      return domain.knownJobs.run({ kind: "modify", api }, async () => {
        const targets = targetsOf(domain, flags);
        const edited = targets.includes("config") ? edit(domain.config(true), "config") : undefined;
        if (targets.includes("live")) {
          const [guest, config] = [domain.active(), domain.config()];
          const live = edit(config, "live");
          await apply({ guest, group: guest.cgroup }, config);
          await hypervisor.setLive(domain, live);
        }
        if (edited !== undefined) await hypervisor.setDefined(domain, edited);
      });
    },
  };
}

/** A container is one: its processors are those of the host that it gets. */
export const WHOLE: readonly SchedulerPart<Container>[] = [
  { name: "vcpu", period: "period", quota: "quota", groups: () => [""] },
];
