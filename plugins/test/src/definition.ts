import {
  CREATE_FLAG,
  DEFINE_FLAG,
  type Domain,
  type DomainActionsHandlers,
  type DomainConfigHandlers,
  type DomainLifecycleHandlers,
  UNDEFINE_FLAG,
  VirtError,
} from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf";
import { readConfig, readValidConfig } from "./config.js";
import { TestDomain } from "./domain.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";
import { start } from "./lifecycle.js";

/** How domains come to be, and how they are forgotten. */
export function definitionHandlers(
  hypervisor: TestHypervisor,
): DomainLifecycleHandlers & DomainConfigHandlers & DomainActionsHandlers {
  const { domains } = hypervisor;

  function define(config: Config): Domain {
    checkName(config.name);
    const known = namesake(hypervisor, config);
    const wasDefined = known?.isDefined === true;
    const domain = known ?? add(hypervisor, config);
    domain.configure("config", config);
    domain.persistent = true;
    hypervisor.transition(domain, wasDefined ? "redefine" : "define");
    return domain.ref;
  }

  function create(config: Config, flags: number): Domain {
    const domain = adopt(hypervisor, config);
    start(hypervisor, domain, flags);
    return domain.ref;
  }

  function createFrom(xml: string, flags: number): Domain | Promise<Domain> {
    checkFlags(flags, CREATE_FLAG.VALIDATE | CREATE_FLAG.PAUSED, "testDomainCreateXML");
    if (flags & CREATE_FLAG.VALIDATE) return readValidConfig(xml).then((config) => create(config, flags));
    return create(readConfig(xml), flags);
  }

  function undefine(dom: Domain, flags: number): void {
    const known = UNDEFINE_FLAG.MANAGED_SAVE | UNDEFINE_FLAG.SNAPSHOTS_METADATA;
    checkFlags(flags, known, "testDomainUndefineFlags");
    const domain = domains.find(dom);
    checkRemains(domain, flags);
    domain.persistent = false;
    domain.hasManagedSave = false;
    if (!domain.isActive) domains.remove(domain);
    hypervisor.transition(domain, "undefine");
  }

  return {
    domainDefineXML: ({ xml }) => define(readConfig(xml)),
    domainDefineXMLFlags({ xml, flags }) {
      checkFlags(flags, DEFINE_FLAG.VALIDATE, "testDomainDefineXMLFlags");
      return flags & DEFINE_FLAG.VALIDATE ? readValidConfig(xml).then(define) : define(readConfig(xml));
    },
    domainUndefine: ({ dom }) => undefine(dom, 0),
    domainUndefineFlags: ({ dom, flags }) => undefine(dom, flags),

    domainCreateXML: ({ xmlDesc, flags }) => createFrom(xmlDesc, flags),
    domainCreateXMLWithFiles: ({ xmlDesc, flags }) => createFrom(xmlDesc, flags),

    domainGetAutostart: ({ dom }) => domains.find(dom).autostart,
    domainSetAutostart({ dom, autostart }) {
      domains.find(dom).autostart = autostart;
    },
  };
}

/** The domain that is to start with a configuration once: one that is here and off, or a new one. */
export function adopt(hypervisor: TestHypervisor, config: Config): TestDomain {
  const known = namesake(hypervisor, config);
  if (known?.isActive) throw conflict("OPERATION_INVALID", `domain '${config.name}' is already active`);
  known?.borrow(config);
  return known ?? add(hypervisor, config);
}

/** What a domain leaves behind is only thrown away with its definition where that was asked for. */
function checkRemains(domain: TestDomain, flags: number): void {
  if (domain.hasManagedSave && (flags & UNDEFINE_FLAG.MANAGED_SAVE) === 0) {
    const detail = "Refusing to undefine while domain managed save image exists";
    throw testError("OPERATION_INVALID", detail, "remove it with --managed-save");
  }
  if (domain.isActive || !domain.hasSnapshot || (flags & UNDEFINE_FLAG.SNAPSHOTS_METADATA) !== 0) return;
  const detail = `cannot delete inactive domain with ${domain.snapshots.size} snapshots`;
  throw testError("OPERATION_INVALID", detail, "remove them with --snapshots-metadata");
}

/** The domain that a configuration is about, if it is here. Name and UUID both belong to it or to nobody. */
function namesake({ domains }: TestHypervisor, { name, uuid }: Config): TestDomain | undefined {
  const byUuid = domains.byUuid(uuid);
  if (byUuid !== undefined && byUuid.ref.name !== name) {
    throw conflict("OPERATION_FAILED", `domain '${byUuid.ref.name}' is already defined with uuid ${uuid}`);
  }
  const byName = domains.byName(name);
  if (byName !== undefined && byName !== byUuid) {
    throw conflict("OPERATION_FAILED", `domain '${name}' already exists with uuid ${byName.ref.uuid}`);
  }
  return byUuid;
}

function add({ domains }: TestHypervisor, config: Config): TestDomain {
  const domain = new TestDomain(config);
  domains.add(domain);
  return domain;
}

function checkName(name: string): void {
  if (!name.includes("\n")) return;
  throw new VirtError("XML_DETAIL", `invalid char in name: ${"\n"}`, {
    domain: "XML",
    hint: "a domain's name is one line",
  });
}

function conflict(code: "OPERATION_FAILED" | "OPERATION_INVALID", detail: string): VirtError {
  return new VirtError(code, detail, { domain: "DOMAIN", hint: "choose another name and leave the UUID out" });
}
