import { setTimeout as delay } from "node:timers/promises";
import { DOMAIN_STATE, VirtError } from "@polyvisor/core";
import { shutoff } from "../../../lifecycle/index.js";
import type { BrokenToy } from "../broken.js";

/** Longer than anybody waits for the domain, in milliseconds; not for ever, so that it can be cleaned away. */
const LEAKED_MS = 6000;

/** Long enough for anybody to notice, in milliseconds. */
const BLOCKED_MS = 1500;

/** What calls answer, how long they take, and what they leave behind. */
export const RULE_FAULTS: readonly BrokenToy[] = [
  {
    name: "wrong-reason",
    fault: "says of a domain that was destroyed that it has shut down",
    caughtBy: "lifecycle: a guest is destroyed",
    breaks({ hypervisor }, handlers) {
      const { stop } = hypervisor;
      hypervisor.stop = async (domain, ending) => {
        await stop.call(hypervisor, domain, ending);
        domain.status = shutoff("SHUTDOWN");
      };
      return handlers;
    },
  },
  {
    name: "leaked-job",
    fault: "keeps the job of a call that has failed",
    caughtBy: "bad input: after a call that was refused a domain can be changed at once",
    breaks: ({ hypervisor: { domains } }, handlers) => ({
      ...handlers,
      async domainSuspend(args, context) {
        try {
          await handlers.domainSuspend(args, context);
        } catch (error) {
          const { knownJobs } = domains.find(args.dom);
          knownJobs.run({ kind: "modify", api: "domainSuspend" }, () => delay(LEAKED_MS)).catch(() => {});
          throw error;
        }
      },
    }),
  },
  {
    name: "blocked-loop",
    fault: "lets nobody else work while it starts a domain",
    caughtBy: "concurrency: nobody waits while another client's domain starts",
    breaks: (_, handlers) => ({
      ...handlers,
      domainCreateWithFlags(args, context) {
        block();
        return handlers.domainCreateWithFlags(args, context);
      },
      domainCreate(args, context) {
        block();
        return handlers.domainCreate(args, context);
      },
    }),
  },
  {
    name: "claims-what-it-lacks",
    fault: "answers a call that it claims with NO_SUPPORT",
    caughtBy: "bad input: domainSuspend of a domain that is not there",
    breaks: (_, handlers) => ({
      ...handlers,
      domainSuspend() {
        throw new VirtError("NO_SUPPORT", "virDomainSuspend");
      },
    }),
  },
  {
    name: "error-without-code",
    fault: "throws what is no error of the API where a domain is not there",
    caughtBy: "identity: what is not there is not found",
    breaks: ({ hypervisor: { domains } }, handlers) => ({
      ...handlers,
      domainLookupByName({ name }) {
        const found = domains.byName(name);
        if (found === undefined) throw new TypeError("Cannot read properties of undefined (reading 'ref')");
        return found.ref;
      },
    }),
  },
  {
    name: "endless-stream",
    fault: "leaves a console open whose guest is gone",
    caughtBy: "streams: a console ends with its guest",
    breaks({ hypervisor }, handlers) {
      const { stop } = hypervisor;
      hypervisor.stop = (domain, ending) => {
        domain.console = undefined;
        return stop.call(hypervisor, domain, ending);
      };
      return handlers;
    },
  },
  {
    name: "read-only-changes",
    fault: "lets a client change things that came to look only",
    caughtBy: "read-only: domainCreate is refused",
    ignoresReadOnly: true,
    breaks: (_, handlers) => handlers,
  },
  {
    name: "destroyed-twice",
    fault: "destroys a domain that is off, and calls that a success",
    caughtBy: "idempotence: a domain that is off is destroyed ten times",
    breaks: ({ hypervisor: { domains } }, handlers) => ({
      ...handlers,
      async domainDestroy(args, context) {
        if (domains.find(args.dom).isActive) await handlers.domainDestroy(args, context);
      },
      async domainDestroyFlags(args, context) {
        if (domains.find(args.dom).isActive) await handlers.domainDestroyFlags(args, context);
      },
    }),
  },
  {
    name: "started-twice",
    fault: "starts a domain that runs once more, as another guest",
    caughtBy: "idempotence: a guest that runs is started ten times",
    breaks({ hypervisor }, handlers) {
      const again: typeof handlers.domainCreateWithFlags = async (args, context) => {
        const domain = hypervisor.domains.find(args.dom);
        if (domain.isActive) await hypervisor.stop(domain, "destroy");
        return handlers.domainCreateWithFlags(args, context);
      };
      return {
        ...handlers,
        domainCreateWithFlags: again,
        domainCreate: async ({ dom }, context) => void (await again({ dom, flags: 0 }, context)),
      };
    },
  },
  {
    name: "time-goes-back",
    fault: "tells of less CPU time than before",
    caughtBy: "statistics: a guest's time does not go back",
    breaks(_, handlers) {
      let left = 10n ** 12n;
      return {
        ...handlers,
        async domainGetInfo(args, context) {
          left -= 1_000_000n;
          const info = await handlers.domainGetInfo(args, context);
          return { ...info, cpuTime: info.state === DOMAIN_STATE.RUNNING ? left : 0n };
        },
      };
    },
  },
  {
    name: "flags-unheeded",
    fault: "takes any flag, known or not",
    caughtBy: "bad input: domainCreateWithFlags with an unknown flag",
    breaks: (_, handlers) => ({
      ...handlers,
      domainCreateWithFlags: ({ dom }, context) => handlers.domainCreateWithFlags({ dom, flags: 0 }, context),
    }),
  },
];

function block(): void {
  const end = performance.now() + BLOCKED_MS;
  while (performance.now() < end) {}
}
