import {
  type CallContext,
  CREATE_FLAG,
  checkFlags,
  DEFINE_FLAG,
  type Descriptor,
  type Domain,
  type DomainActionsHandlers,
  type DomainConfigHandlers,
  type DomainLifecycleHandlers,
  type MaybePromise,
  VirtError,
} from "@polyvisor/core";
import type { Domain as Config } from "../conf/domain/index.js";
import { transitionFrom } from "../lifecycle/index.js";
import type { Guest } from "./backend.js";
import type { GuestDomain, Owner } from "./domain.js";
import type { GuestHypervisor } from "./hypervisor.js";

type Changes = DomainLifecycleHandlers & DomainConfigHandlers;

/** Everything that changes a domain, as far as the backend can do it. */
export function changeHandlers<G extends Guest>(hypervisor: GuestHypervisor<G>): Changes {
  return { ...definitionHandlers(hypervisor), ...destroyHandlers(hypervisor), ...guestHandlers(hypervisor) };
}

/** Waits for the domain's turn; it is still there then, or the wait has failed. */
export function change<G extends Guest, T>(
  { domains }: GuestHypervisor<G>,
  { dom, api, context }: { readonly dom: Domain; readonly api: string; readonly context: CallContext },
  work: (domain: GuestDomain<G>) => MaybePromise<T>,
): Promise<T> {
  const domain = domains.find(dom);
  return domain.knownJobs.run({ kind: "modify", api, signal: context.signal }, () => work(domain));
}

function definitionHandlers<G extends Guest>(hypervisor: GuestHypervisor<G>): Changes {
  async function define(xml: string, flags: number, context: CallContext): Promise<Domain> {
    checkFlags(flags, DEFINE_FLAG.VALIDATE, "domainDefineXMLFlags", "DOM");
    const config = await read(hypervisor, xml, (flags & DEFINE_FLAG.VALIDATE) !== 0);
    const known = namesake(hypervisor, config);
    const { ref } = known ?? hypervisor.add(config);
    try {
      return await change(hypervisor, { dom: ref, api: "domainDefineXML", context }, async (domain) => {
        await hypervisor.define(domain, config);
        return domain.ref;
      });
    } catch (error) {
      if (known === undefined) forgetUnlessUsed(hypervisor, ref);
      throw error;
    }
  }

  const undefine = (dom: Domain, context: CallContext) =>
    change(hypervisor, { dom, api: "domainUndefine", context }, async (domain) => {
      if (!domain.persistent) throw invalid("cannot undefine transient domain", "it is gone once it stops");
      await hypervisor.undefine(domain);
    });

  return {
    domainDefineXML: ({ xml }, context) => define(xml, 0, context),
    domainDefineXMLFlags: ({ xml, flags }, context) => define(xml, flags, context),
    domainUndefine: ({ dom }, context) => undefine(dom, context),
    domainUndefineFlags({ dom, flags }, context) {
      checkFlags(flags, 0, "domainUndefineFlags", "DOM");
      return undefine(dom, context);
    },
    domainSetAutostart: ({ dom, autostart }, context) =>
      change(hypervisor, { dom, api: "domainSetAutostart", context }, async (domain) => {
        if (!domain.persistent) throw invalid("cannot set autostart for transient domain", "define it first");
        await hypervisor.setAutostart(domain, autostart);
      }),
  };
}

/** Calls that start guests, which may go with the connection `owner`. */
export function ownedHandlers<G extends Guest>(hypervisor: GuestHypervisor<G>, owner: Owner): StartHandlers {
  const { suspend, startsPaused = suspend !== undefined, takesFiles } = hypervisor.backend;
  const known = CREATE_FLAG.AUTODESTROY | CREATE_FLAG.VALIDATE | (startsPaused ? CREATE_FLAG.PAUSED : 0);

  const begin = async (domain: GuestDomain<G>, config: Config, { flags, files }: Wanted) => {
    await hypervisor.start(domain, config, { paused: (flags & CREATE_FLAG.PAUSED) !== 0, files });
    if ((flags & CREATE_FLAG.AUTODESTROY) === 0) return;
    domain.owner = owner;
    if (owner.isGone) await hypervisor.stop(domain, "destroy");
  };

  function create(dom: Domain, wanted: Wanted, context: CallContext): Promise<Domain> {
    checkFlags(wanted.flags, known & ~CREATE_FLAG.VALIDATE, "domainCreateWithFlags", "DOM");
    return change(hypervisor, { dom, api: "domainCreate", context }, async (domain) => {
      if (domain.isActive) throw invalid("domain is already running", "nothing is left to do");
      await begin(domain, domain.config(), wanted);
      return domain.ref;
    });
  }

  async function createXML(xml: string, wanted: Wanted, context: CallContext): Promise<Domain> {
    checkFlags(wanted.flags, known, "domainCreateXML", "DOM");
    const config = await read(hypervisor, xml, (wanted.flags & CREATE_FLAG.VALIDATE) !== 0);
    const found = namesake(hypervisor, config);
    const { ref } = found ?? hypervisor.add(config);
    try {
      return await change(hypervisor, { dom: ref, api: "domainCreateXML", context }, async (domain) => {
        if (domain.isActive) throw invalid(`domain '${config.name}' is already active`, "choose another name");
        await begin(domain, config, wanted);
        return domain.ref;
      });
    } catch (error) {
      if (found === undefined) forgetUnlessUsed(hypervisor, ref);
      throw error;
    }
  }

  return {
    domainCreate: async ({ dom }, context) => void (await create(dom, { flags: 0, files: [] }, context)),
    domainCreateWithFlags: ({ dom, flags }, context) => create(dom, { flags, files: [] }, context),
    domainCreateXML: ({ xmlDesc, flags }, context) => createXML(xmlDesc, { flags, files: [] }, context),
    ...(takesFiles && {
      domainCreateWithFiles: ({ dom, flags, descriptors }, context) =>
        create(dom, { flags, files: descriptors }, context),
      domainCreateXMLWithFiles: ({ xmlDesc, flags, descriptors }, context) =>
        createXML(xmlDesc, { flags, files: descriptors }, context),
    }),
  };
}

type StartHandlers = DomainLifecycleHandlers & DomainActionsHandlers;

/** What a client asks for beside the domain that is to start. */
interface Wanted {
  readonly flags: number;
  readonly files: readonly Descriptor[];
}

/** A document as the driver understands it, held against libvirt's schema first where the client asks for that. */
async function read<G extends Guest>(hypervisor: GuestHypervisor<G>, xml: string, validate: boolean): Promise<Config> {
  if (validate) {
    const { parseValidXml } = await import("../schema/index.js");
    await parseValidXml(xml, "domain", { explain: () => hypervisor.read(xml) });
  }
  return hypervisor.read(xml);
}

function destroyHandlers<G extends Guest>(hypervisor: GuestHypervisor<G>): Changes {
  function destroy(dom: Domain, flags: number, context: CallContext): Promise<void> {
    checkFlags(flags, 0, "domainDestroyFlags", "DOM");
    const domain = hypervisor.domains.find(dom);
    return domain.knownJobs.run({ kind: "destroy", api: "domainDestroy", signal: context.signal }, async () => {
      domain.active();
      await hypervisor.stop(domain, "destroy");
    });
  }
  return {
    domainDestroy: ({ dom }, context) => destroy(dom, 0, context),
    domainDestroyFlags: ({ dom, flags }, context) => destroy(dom, flags, context),
  };
}

/** What only some backends can do with a guest. */
function guestHandlers<G extends Guest>(hypervisor: GuestHypervisor<G>): Changes {
  const { backend } = hypervisor;

  const tell = (dom: Domain, api: string, context: CallContext, work: (guest: G) => MaybePromise<void>) =>
    change(hypervisor, { dom, api, context }, (domain) => work(domain.active()));

  /** A guest that stands already where it is to go is left alone where libvirt does so, too. */
  const step = (
    dom: Domain,
    name: "suspend" | "resume",
    { context, work }: { readonly context: CallContext; readonly work: (guest: G) => MaybePromise<void> },
  ) =>
    change(hypervisor, { dom, api: name === "suspend" ? "domainSuspend" : "domainResume", context }, async (domain) => {
      const guest = domain.active();
      if (transitionFrom(domain.status, name) === undefined) {
        if (name === "suspend") return;
        throw invalid("domain is already running", "nothing is left to do");
      }
      await work(guest);
      await hypervisor.transition(domain, name);
    });

  const { shutdown, reboot, suspend, resume, reset, powerFlags = 0 } = backend;
  return {
    ...(shutdown && {
      domainShutdown: ({ dom }, context) =>
        tell(dom, "domainShutdown", context, (guest) => shutdown.call(backend, guest, 0)),
      domainShutdownFlags({ dom, flags }, context) {
        checkFlags(flags, powerFlags, "domainShutdownFlags", "DOM");
        return tell(dom, "domainShutdownFlags", context, (guest) => shutdown.call(backend, guest, flags));
      },
    }),
    ...(reboot && {
      domainReboot({ dom, flags }, context) {
        checkFlags(flags, powerFlags, "domainReboot", "DOM");
        return tell(dom, "domainReboot", context, (guest) => reboot.call(backend, guest, flags));
      },
    }),
    ...(suspend && {
      domainSuspend: ({ dom }, context) =>
        step(dom, "suspend", { context, work: (guest) => suspend.call(backend, guest) }),
    }),
    ...(resume && {
      domainResume: ({ dom }, context) =>
        step(dom, "resume", { context, work: (guest) => resume.call(backend, guest) }),
    }),
    ...(reset && {
      domainReset({ dom, flags }, context) {
        checkFlags(flags, 0, "domainReset", "DOM");
        return tell(dom, "domainReset", context, (guest) => reset.call(backend, guest));
      },
    }),
  };
}

/** A domain that was to come into being did not; another call may have made it meanwhile. */
function forgetUnlessUsed<G extends Guest>(hypervisor: GuestHypervisor<G>, { uuid }: Domain): void {
  const domain = hypervisor.domains.byUuid(uuid);
  const isUsed = domain === undefined || domain.persistent || domain.isActive || domain.knownJobs.list().length > 0;
  if (!isUsed) hypervisor.forget(domain);
}

/** The domain that a document is about, if it is here: name and UUID both belong to it or to nobody. */
function namesake<G extends Guest>(
  { domains }: GuestHypervisor<G>,
  { name, uuid }: Config,
): GuestDomain<G> | undefined {
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
