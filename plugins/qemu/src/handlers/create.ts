import { CREATE_FLAG, type DomainRef } from "@polyvisor/core";
import { QemuDomain } from "../domain.js";
import { checkFlags, qemuError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";
import { startDomain } from "../start/index.js";
import { checkIdentity } from "./definition.js";

const FLAGS = CREATE_FLAG.PAUSED | CREATE_FLAG.AUTODESTROY | CREATE_FLAG.VALIDATE | CREATE_FLAG.RESET_NVRAM;

/** Starts a guest from a document. A domain that was not defined before goes with it. */
export async function createTransient(
  hypervisor: Hypervisor,
  xml: string,
  flags: number,
  owner: object,
): Promise<DomainRef> {
  checkFlags(flags, FLAGS, "qemuDomainCreateXML");
  const config = await hypervisor.configurations.read(xml, { validate: (flags & CREATE_FLAG.VALIDATE) !== 0 });
  const domain = checkIdentity(hypervisor, config) ?? new QemuDomain(config.name, config.uuid, false);
  if (domain.isActive) throw qemuError("OPERATION_INVALID", `domain '${domain.name}' is already active`);
  if (hypervisor.domains.byUuid(domain.uuid) === undefined) hypervisor.domains.add(domain);
  else if (!domain.persistent) throw qemuError("OPERATION_INVALID", `domain '${domain.name}' is already being started`);
  try {
    await domain.jobs.runAsync({ kind: "start", api: "domainCreateXML", mask: [] }, async () => {
      if (domain.isActive) throw qemuError("OPERATION_INVALID", `domain '${domain.name}' is already active`);
      await startDomain(hypervisor, domain, config, {
        paused: (flags & CREATE_FLAG.PAUSED) !== 0,
        autodestroy: (flags & CREATE_FLAG.AUTODESTROY) === 0 ? undefined : owner,
      });
    });
  } finally {
    hypervisor.forgetTransient(domain);
  }
  return domain.ref;
}
