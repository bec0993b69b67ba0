import { DOMAIN_STATE } from "@polyvisor/core";
import { formatDomain, parseDomain } from "../../../conf/domain/index.js";
import type { BrokenToy } from "../broken.js";

/** What is to be kept is lost, or is not what it was. */
export const KEEPING_FAULTS: readonly BrokenToy[] = [
  {
    name: "lost-after-restart",
    fault: "keeps definitions in memory alone",
    caughtBy: "restarts: a definition is kept, with its document and autostart",
    breaks({ keeper }, handlers) {
      keeper.keepDefinition = async () => {};
      return handlers;
    },
  },
  {
    name: "lost-after-failed-define",
    fault: "forgets a definition where a new one for it is refused",
    caughtBy: "identity: a name belongs to one UUID",
    breaks({ hypervisor }, handlers) {
      const define = handlers.domainDefineXMLFlags;
      const forget = (xml: string) => {
        const named = hypervisor.domains.byName(/<name>(.*?)<\/name>/.exec(xml)?.[1] ?? "");
        if (named !== undefined && !named.isActive) hypervisor.domains.remove(named);
      };
      const broken: typeof define = async (args, context) => {
        try {
          return await define(args, context);
        } catch (error) {
          forget(args.xml);
          throw error;
        }
      };
      return {
        ...handlers,
        domainDefineXMLFlags: broken,
        domainDefineXML: ({ xml }, context) => broken({ xml, flags: 0 }, context),
      };
    },
  },
  {
    name: "undefine-ends-guest",
    fault: "forgets a running domain when its definition goes",
    caughtBy: "lifecycle: a guest whose definition is given up runs on, and is gone after its end",
    breaks({ hypervisor }, handlers) {
      const { undefine } = hypervisor;
      hypervisor.undefine = async (domain) => {
        await undefine.call(hypervisor, domain);
        hypervisor.domains.remove(domain);
      };
      return handlers;
    },
  },
  {
    name: "transient-stays",
    fault: "keeps a domain that was only created after its end",
    caughtBy: "lifecycle: a domain is created, and gone after its end",
    breaks({ hypervisor }, handlers) {
      const { stop } = hypervisor;
      hypervisor.stop = (domain, ending) => {
        domain.defined ??= domain.run?.config;
        return stop.call(hypervisor, domain, ending);
      };
      return handlers;
    },
  },
  {
    name: "list-leaves-out",
    fault: "leaves paused domains out of the list of all",
    caughtBy: "connection: a paused domain is in the lists of all, of active and of paused ones",
    breaks: ({ hypervisor: { domains } }, handlers) => ({
      ...handlers,
      async connectListAllDomains(args, context) {
        const all = await handlers.connectListAllDomains(args, context);
        return all.filter(({ uuid }) => domains.byUuid(uuid)?.status.state !== DOMAIN_STATE.PAUSED);
      },
    }),
  },
  {
    name: "document-drifts",
    fault: "writes a document that, read again, is another domain",
    caughtBy: "documents: a document that is defined again changes nothing",
    breaks: (_, handlers) => ({
      ...handlers,
      async domainGetXMLDesc(args, context) {
        const config = parseDomain(await handlers.domainGetXMLDesc(args, context));
        return formatDomain({ ...config, memory: config.memory + 1024 }, { inactive: true });
      },
    }),
  },
  {
    name: "redefine-is-lost",
    fault: "answers to a new definition and keeps the old one",
    caughtBy: "documents: a definition for a guest that runs is for its next start",
    breaks({ hypervisor }, handlers) {
      const broken: typeof handlers.domainDefineXMLFlags = ({ xml, flags }, context) => {
        const known = hypervisor.domains.byName(hypervisor.read(xml).name);
        return known?.defined === undefined ? handlers.domainDefineXMLFlags({ xml, flags }, context) : known.ref;
      };
      return {
        ...handlers,
        domainDefineXMLFlags: broken,
        domainDefineXML: ({ xml }, context) => broken({ xml, flags: 0 }, context),
      };
    },
  },
];
