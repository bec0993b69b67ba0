import { type CallContext, CREATE_FLAG, type Domain, type HypervisorHandlers } from "@polyvisor/core";
import { shellWord } from "@polyvisor/sdk/process";
import type { XenHypervisor } from "../hypervisor.js";
import { managedPath, readDocument, readSaved, restoreFrom } from "../saved.js";

/** Calls that start a domain: one with a managed save goes on where it was. */
export function startingHandlers(hypervisor: XenHypervisor, owned: HypervisorHandlers): HypervisorHandlers {
  const { guests } = hypervisor;

  const create = async (dom: Domain, flags: number, context: CallContext): Promise<Domain> => {
    const domain = guests.domains.find(dom);
    const force = (flags & CREATE_FLAG.FORCE_BOOT) !== 0;
    const others = flags & ~CREATE_FLAG.FORCE_BOOT;
    if (domain.hasManagedSave && !domain.isActive) {
      const path = managedPath(hypervisor, domain);
      const job = { kind: "modify", api: "domainCreateWithFlags", signal: context.signal } as const;
      await domain.knownJobs.run(job, async () => {
        if (!domain.hasManagedSave || domain.isActive) return;
        const saved = force ? undefined : await readSaved(hypervisor, path);
        if (saved !== undefined) {
          const paused = (flags & CREATE_FLAG.PAUSED) !== 0;
          const config = readDocument(hypervisor, saved, null);
          await restoreFrom(hypervisor, domain, { path, config, paused, changed: false });
        }
        domain.hasManagedSave = false;
        await hypervisor.xl.script(`rm -f ${shellWord(path)}`, "cannot remove managed save");
      });
      if (domain.isActive) return domain.ref;
    }
    return (await owned.domainCreateWithFlags?.({ dom, flags: others }, context)) ?? domain.ref;
  };

  return {
    ...owned,
    domainCreate: async ({ dom }, context) => void (await create(dom, 0, context)),
    domainCreateWithFlags: ({ dom, flags }, context) => create(dom, flags, context),
  };
}
