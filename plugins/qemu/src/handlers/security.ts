import type { DomainActionsHandlers, HostHandlers, SecurityLabel } from "@polyvisor/core";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { processLabels, securityModels } from "../services/index.js";

/** What the first model is called where nobody confines guests. */
const NONE = { model: "none", doi: "0" };
const UNLABELLED: SecurityLabel = { label: "", enforcing: 0 };

/** How guests are confined. */
export function securityHandlers(
  hypervisor: Hypervisor,
): Pick<HostHandlers, "nodeGetSecurityModel"> &
  Pick<DomainActionsHandlers, "domainGetSecurityLabel" | "domainGetSecurityLabelList"> {
  /** Of a guest that runs by now; one that is only being started has no process yet. */
  const labelsOf = async ({ process, labels }: Guest) =>
    process === undefined ? [] : processLabels(hypervisor, labels, process.pid);
  return {
    async nodeGetSecurityModel() {
      const [{ model, doi } = NONE] = await securityModels(hypervisor);
      return { model, doi };
    },
    async domainGetSecurityLabel({ dom }) {
      const { guest } = hypervisor.domains.find(dom);
      if (guest === undefined) return UNLABELLED;
      const [first = UNLABELLED] = await labelsOf(guest);
      return first;
    },
    domainGetSecurityLabelList({ dom }) {
      const { guest } = hypervisor.domains.find(dom);
      return guest === undefined ? [] : labelsOf(guest);
    },
  };
}
