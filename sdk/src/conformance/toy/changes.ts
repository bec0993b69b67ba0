import {
  type CallContext,
  CREATE_FLAG,
  checkFlags,
  DESTROY_FLAG,
  type Domain,
  type DomainConfigHandlers,
  type DomainLifecycleHandlers,
  VirtError,
} from "@polyvisor/core";
import type { Domain as Config } from "../../conf/domain/index.js";
import { notRunning } from "../../lifecycle/index.js";
import type { ToyDomain } from "./domain.js";
import { readToyConfig, type ToyHypervisor } from "./hypervisor.js";

/** Everything that changes a domain. */
export function changeHandlers(hypervisor: ToyHypervisor): DomainLifecycleHandlers & DomainConfigHandlers {
  const { domains } = hypervisor;

  /** Waits for the domain's turn; it is still there then, or the wait has failed. */
  function change<T>(dom: Domain, api: string, { signal }: CallContext, work: (domain: ToyDomain) => T): Promise<T> {
    const domain = domains.find(dom);
    return domain.jobs.run({ kind: "modify", api, signal }, () => work(domain));
  }

  async function define(xml: string, flags: number, context: CallContext): Promise<Domain> {
    checkFlags(flags, 0, "domainDefineXMLFlags", "DOM");
    const config = readToyConfig(xml);
    const known = namesake(hypervisor, config) ?? hypervisor.add(config);
    return change(known.ref, "domainDefineXML", context, (domain) => {
      const isNew = !domain.persistent;
      domain.defined = config;
      hypervisor.transition(domain, isNew ? "define" : "redefine");
      return domain.ref;
    });
  }

  function create(dom: Domain, flags: number, context: CallContext): Promise<Domain> {
    checkFlags(flags, CREATE_FLAG.PAUSED, "domainCreateWithFlags", "DOM");
    return change(dom, "domainCreate", context, (domain) => {
      if (domain.isActive) throw invalid("domain is already running", "nothing is left to do");
      hypervisor.start(domain, domain.config(), (flags & CREATE_FLAG.PAUSED) !== 0);
      return domain.ref;
    });
  }

  async function createXML(xml: string, flags: number, context: CallContext): Promise<Domain> {
    checkFlags(flags, CREATE_FLAG.PAUSED, "domainCreateXML", "DOM");
    const config = readToyConfig(xml);
    const known = namesake(hypervisor, config);
    if (known?.isActive) throw invalid(`domain '${config.name}' is already active`, "choose another name");
    return change((known ?? hypervisor.add(config)).ref, "domainCreateXML", context, (domain) => {
      hypervisor.start(domain, config, (flags & CREATE_FLAG.PAUSED) !== 0);
      return domain.ref;
    });
  }

  function destroy(dom: Domain, flags: number, context: CallContext): Promise<void> {
    checkFlags(flags, DESTROY_FLAG.GRACEFUL, "domainDestroyFlags", "DOM");
    return change(dom, "domainDestroy", context, (domain) => {
      domain.expectActive();
      hypervisor.stop(domain, "destroy");
    });
  }

  function shutdown(dom: Domain, flags: number, context: CallContext): Promise<void> {
    checkFlags(flags, 0, "domainShutdownFlags", "DOM");
    return change(dom, "domainShutdown", context, (domain) => {
      domain.expectActive();
      hypervisor.transition(domain, "shutDownByHost");
      hypervisor.stop(domain, "finish");
    });
  }

  function undefine(dom: Domain, flags: number, context: CallContext): Promise<void> {
    checkFlags(flags, 0, "domainUndefineFlags", "DOM");
    return change(dom, "domainUndefine", context, (domain) => {
      if (!domain.persistent) throw invalid("cannot undefine transient domain", "it is gone once it stops");
      hypervisor.undefine(domain);
    });
  }

  return {
    domainDefineXML: ({ xml }, context) => define(xml, 0, context),
    domainDefineXMLFlags: ({ xml, flags }, context) => define(xml, flags, context),
    domainUndefine: ({ dom }, context) => undefine(dom, 0, context),
    domainUndefineFlags: ({ dom, flags }, context) => undefine(dom, flags, context),
    domainCreate: async ({ dom }, context) => void (await create(dom, 0, context)),
    domainCreateWithFlags: ({ dom, flags }, context) => create(dom, flags, context),
    domainCreateXML: ({ xmlDesc, flags }, context) => createXML(xmlDesc, flags, context),
    domainDestroy: ({ dom }, context) => destroy(dom, 0, context),
    domainDestroyFlags: ({ dom, flags }, context) => destroy(dom, flags, context),
    domainShutdown: ({ dom }, context) => shutdown(dom, 0, context),
    domainShutdownFlags: ({ dom, flags }, context) => shutdown(dom, flags, context),
    domainSuspend: ({ dom }, context) =>
      change(dom, "domainSuspend", context, (domain) => {
        domain.expectActive();
        hypervisor.transition(domain, "suspend");
      }),
    domainResume: ({ dom }, context) =>
      change(dom, "domainResume", context, (domain) => {
        if (!domain.isActive) throw notRunning();
        hypervisor.transition(domain, "resume");
      }),
    domainReset({ dom, flags }, context) {
      checkFlags(flags, 0, "domainReset", "DOM");
      return change(dom, "domainReset", context, (domain) => domain.expectActive());
    },
    domainSetAutostart: ({ dom, autostart }, context) =>
      change(dom, "domainSetAutostart", context, (domain) => {
        if (!domain.persistent) throw invalid("cannot set autostart for transient domain", "define it first");
        domain.autostart = autostart;
        hypervisor.save(domain);
      }),
  };
}

/** The domain that a document is about, if it is here: name and UUID both belong to it or to nobody. */
function namesake({ domains }: ToyHypervisor, { name, uuid }: Config): ToyDomain | undefined {
  const [byName, byUuid] = [domains.byName(name), domains.byUuid(uuid)];
  if (byName === byUuid) return byUuid;
  const detail =
    byUuid === undefined
      ? `domain '${name}' already exists with uuid ${byName?.ref.uuid}`
      : `domain '${byUuid.ref.name}' is already defined with uuid ${uuid}`;
  throw new VirtError("OPERATION_FAILED", detail, {
    domain: "DOMAIN",
    hint: "choose another name and leave the UUID out",
  });
}

function invalid(detail: string, hint: string): VirtError {
  return new VirtError("OPERATION_INVALID", detail, { domain: "DOMAIN", hint });
}
