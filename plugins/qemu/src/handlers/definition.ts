import {
  DEFINE_FLAG,
  type Domain,
  type DomainConfigHandlers,
  type DomainLifecycleHandlers,
  type DomainRef,
  UNDEFINE_FLAG,
} from "@polyvisor/core";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf";
import { QemuDomain } from "../domain.js";
import { checkFlags, qemuError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";
import { removeNvram } from "./nvram.js";
import { checkSnapshots } from "./snapshots.js";

/** Definitions: made, replaced, removed, and whether they start by themselves. */
export function definitionHandlers(hypervisor: Hypervisor): DomainLifecycleHandlers & DomainConfigHandlers {
  return {
    domainDefineXML: ({ xml }) => define(hypervisor, xml, 0),
    domainDefineXMLFlags: ({ xml, flags }) => define(hypervisor, xml, flags),
    domainUndefine: ({ dom }) => undefine(hypervisor, dom, 0),
    domainUndefineFlags: ({ dom, flags }) => undefine(hypervisor, dom, flags),

    domainGetAutostart: ({ dom }) => hypervisor.domains.find(dom).autostart,
    async domainSetAutostart({ dom, autostart }) {
      const domain = hypervisor.domains.find(dom);
      if (!domain.persistent) throw qemuError("OPERATION_INVALID", "cannot set autostart for transient domain");
      await domain.jobs.run({ kind: "modify", api: "domainSetAutostart" }, async () => {
        if (domain.autostart === autostart) return;
        await hypervisor.definitions.setAutostart(domain.name, autostart);
        domain.autostart = autostart;
      });
    },
  };
}

/** The domain that a document is about, if it is here. Refuses a name or UUID that belongs to another. */
export function checkIdentity(hypervisor: Hypervisor, config: DomainConfig): QemuDomain | undefined {
  const known = hypervisor.domains.byUuid(config.uuid);
  if (known !== undefined) {
    if (known.name === config.name) return known;
    throw qemuError("OPERATION_FAILED", `domain '${known.name}' is already defined with uuid ${known.uuid}`);
  }
  const namesake = hypervisor.domains.byName(config.name);
  if (namesake === undefined) return undefined;
  throw qemuError("OPERATION_FAILED", `domain '${config.name}' already exists with uuid ${namesake.uuid}`, {
    hint: "give the document that UUID to change the domain, or another name",
  });
}

async function define(hypervisor: Hypervisor, xml: string, flags: number): Promise<DomainRef> {
  checkFlags(flags, DEFINE_FLAG.VALIDATE, "qemuDomainDefineXMLFlags");
  const config = await hypervisor.configurations.read(xml, { validate: (flags & DEFINE_FLAG.VALIDATE) !== 0 });
  if (config.name.includes("\n")) throw qemuError("XML_DETAIL", `invalid char in name: \n`);
  const known = checkIdentity(hypervisor, config);
  const domain = known ?? new QemuDomain(config.name, config.uuid, false);
  const wasPersistent = domain.persistent;
  if (known === undefined) hypervisor.domains.add(domain);
  try {
    await domain.jobs.run({ kind: "modify", api: "domainDefineXMLFlags" }, async () => {
      await hypervisor.definitions.save(config);
      domain.persistent = true;
      hypervisor.transition(domain, wasPersistent ? "redefine" : "define");
    });
  } catch (error) {
    if (known === undefined) hypervisor.forgetTransient(domain);
    throw error;
  }
  return domain.ref;
}

const UNDEFINE_FLAGS = Object.values(UNDEFINE_FLAG).reduce((flags, flag) => flags | flag, 0);

async function undefine(hypervisor: Hypervisor, dom: Domain, flags: number): Promise<void> {
  checkFlags(flags, UNDEFINE_FLAGS, "qemuDomainUndefineFlags");
  if ((flags & UNDEFINE_FLAG.NVRAM) !== 0 && (flags & UNDEFINE_FLAG.KEEP_NVRAM) !== 0) {
    throw qemuError("OPERATION_INVALID", "cannot both keep and delete nvram");
  }
  if ((flags & UNDEFINE_FLAG.TPM) !== 0 && (flags & UNDEFINE_FLAG.KEEP_TPM) !== 0) {
    throw qemuError("OPERATION_INVALID", "cannot both keep and delete TPM");
  }
  const domain = hypervisor.domains.find(dom);
  await domain.jobs.run({ kind: "modify", api: "domainUndefineFlags" }, async () => {
    if (!domain.persistent) throw qemuError("OPERATION_INVALID", "cannot undefine transient domain");
    await checkSnapshots(hypervisor, domain, flags);
    await removeNvram(hypervisor, domain, flags);
    await hypervisor.definitions.remove(domain.name, domain.autostart);
    if (!domain.isActive) await hypervisor.snapshots.removeAll(domain);
    domain.persistent = false;
    domain.autostart = false;
    hypervisor.transition(domain, "undefine");
    hypervisor.forgetTransient(domain);
  });
}
