import { setTimeout as delay } from "node:timers/promises";
import { TRANSITIONS } from "../../../lifecycle/index.js";
import type { BrokenToy } from "../broken.js";
import type { ToyHypervisor } from "../hypervisor.js";

/** How long a listener has to see that what it was told is not so. */
const EARLY_MS = 100;

/** What listeners are told is not so, or not so yet. */
export const EVENT_FAULTS: readonly BrokenToy[] = [
  {
    name: "event-too-early",
    fault: "tells that a domain has started before it has",
    caughtBy: "lifecycle: what is told has happened",
    breaks(hypervisor, handlers) {
      return {
        ...handlers,
        async domainCreateWithFlags(args, context) {
          const { ref } = hypervisor.domains.find(args.dom);
          hypervisor.tell(ref, TRANSITIONS.boot.news);
          await delay(EARLY_MS);
          return quietly(hypervisor, () => handlers.domainCreateWithFlags(args, context));
        },
        async domainCreate(args, context) {
          const { ref } = hypervisor.domains.find(args.dom);
          hypervisor.tell(ref, TRANSITIONS.boot.news);
          await delay(EARLY_MS);
          return quietly(hypervisor, () => handlers.domainCreate(args, context));
        },
      };
    },
  },
  {
    name: "events-out-of-order",
    fault: "tells of the later of two events first",
    caughtBy: "lifecycle: a domain starts and stays paused",
    breaks(hypervisor, handlers) {
      const { tell } = hypervisor;
      let held: Parameters<typeof tell> | undefined;
      hypervisor.tell = (dom, news) => {
        const before = held;
        held = before === undefined ? [dom, news] : undefined;
        if (before === undefined) {
          setImmediate(() => {
            if (held !== undefined) tell.apply(hypervisor, held);
            held = undefined;
          });
          return;
        }
        tell.call(hypervisor, dom, news);
        tell.apply(hypervisor, before);
      };
      return handlers;
    },
  },
  {
    name: "event-missing",
    fault: "does not tell that a definition is gone",
    caughtBy: "lifecycle: a definition is given up",
    breaks(hypervisor, handlers) {
      const { tell } = hypervisor;
      hypervisor.tell = (dom, news) => {
        if (news !== TRANSITIONS.undefine.news) tell.call(hypervisor, dom, news);
      };
      return handlers;
    },
  },
  {
    name: "event-twice",
    fault: "tells each thing twice",
    caughtBy: "lifecycle: a domain is defined",
    breaks(hypervisor, handlers) {
      const { tell } = hypervisor;
      hypervisor.tell = (dom, news) => tell.call(hypervisor, dom, [...news, ...news]);
      return handlers;
    },
  },
];

async function quietly<T>(hypervisor: ToyHypervisor, work: () => T | Promise<T>): Promise<T> {
  const { tell } = hypervisor;
  hypervisor.tell = () => {};
  try {
    return await work();
  } finally {
    hypervisor.tell = tell;
  }
}
