import { AFFECT, checkFlags, type DomainActionsHandlers } from "@polyvisor/core";
import { targetOf, targetsOf } from "../lifecycle/index.js";
import { metadataOf, withMetadata } from "../metadata/index.js";
import type { Guest } from "./backend.js";
import { change } from "./changes.js";
import type { GuestHypervisor } from "./hypervisor.js";

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;

/** What people and programs write about a domain. */
export function metadataHandlers<G extends Guest>(hypervisor: GuestHypervisor<G>): DomainActionsHandlers {
  return {
    domainGetMetadata({ dom, type, uri, flags }) {
      checkFlags(flags, AFFECTED, "domainGetMetadata", "DOM");
      const domain = hypervisor.domains.find(dom);
      return metadataOf(domain.config(targetOf(domain, flags) === "config"), type, uri ?? "");
    },

    async domainSetMetadata({ dom, type, metadata, key, uri, flags }, context) {
      checkFlags(flags, AFFECTED, "domainSetMetadata", "DOM");
      const news = { type, text: metadata ?? undefined, key: key ?? "", uri: uri ?? "" };
      await change(hypervisor, { dom, api: "domainSetMetadata", context }, async (domain) => {
        const changed = targetsOf(domain, flags).map((target) => ({
          target,
          config: withMetadata(domain.config(target === "config"), news),
        }));
        for (const { target, config } of changed) {
          if (target === "live") await hypervisor.setLive(domain, config);
          else await hypervisor.setDefined(domain, config);
        }
        hypervisor.events.emit({ kind: "metadataChange", dom: domain.ref, type, nsuri: uri });
      });
    },
  };
}
