import { setTimeout as delay } from "node:timers/promises";
import { type Domain, type DomainEvent, LIFECYCLE_EVENT, STARTED_DETAIL } from "@polyvisor/core";
import type { BrokenToy } from "../broken.js";
import type { ToyParts } from "../driver.js";

/** How long a listener has to see that what it was told is not so. */
const EARLY_MS = 100;

/** What listeners are told is not so, or not so yet. */
export const EVENT_FAULTS: readonly BrokenToy[] = [
  {
    name: "event-too-early",
    fault: "tells that a domain has started before it has",
    caughtBy: "lifecycle: what is told has happened",
    breaks: ({ hypervisor }, handlers) => ({
      ...handlers,
      async domainCreateWithFlags(args, context) {
        await tellEarly(hypervisor, args.dom);
        return quietly(hypervisor, () => handlers.domainCreateWithFlags(args, context));
      },
      async domainCreate(args, context) {
        await tellEarly(hypervisor, args.dom);
        return quietly(hypervisor, () => handlers.domainCreate(args, context));
      },
    }),
  },
  {
    name: "events-out-of-order",
    fault: "tells of the later of two events first",
    caughtBy: "lifecycle: a domain starts and stays paused",
    breaks(parts, handlers) {
      let held: DomainEvent | undefined;
      tells(parts.hypervisor, (event, tell) => {
        const before = held;
        held = before === undefined ? event : undefined;
        if (before !== undefined) {
          tell(event);
          tell(before);
          return;
        }
        setImmediate(() => {
          if (held !== undefined) tell(held);
          held = undefined;
        });
      });
      return handlers;
    },
  },
  {
    name: "event-missing",
    fault: "does not tell that a definition is gone",
    caughtBy: "lifecycle: a definition is given up",
    breaks(parts, handlers) {
      tells(parts.hypervisor, (event, tell) => {
        if (event.kind !== "lifecycle" || event.event !== LIFECYCLE_EVENT.UNDEFINED) tell(event);
      });
      return handlers;
    },
  },
  {
    name: "event-twice",
    fault: "tells each thing twice",
    caughtBy: "lifecycle: a domain is defined",
    breaks(parts, handlers) {
      tells(parts.hypervisor, (event, tell) => {
        tell(event);
        tell(event);
      });
      return handlers;
    },
  },
];

type Tell = (event: DomainEvent) => void;

/** What is told from now on is what `telling` makes of it. */
function tells({ events }: ToyParts["hypervisor"], telling: (event: DomainEvent, tell: Tell) => void): void {
  const tell = events.emit.bind(events);
  events.emit = (event) => telling(event, tell);
}

async function tellEarly({ domains, events }: ToyParts["hypervisor"], dom: Domain): Promise<void> {
  const { ref } = domains.find(dom);
  events.emit({ kind: "lifecycle", dom: ref, event: LIFECYCLE_EVENT.STARTED, detail: STARTED_DETAIL.BOOTED });
  await delay(EARLY_MS);
}

async function quietly<T>({ events }: ToyParts["hypervisor"], work: () => T | Promise<T>): Promise<T> {
  const { emit } = events;
  events.emit = () => {};
  try {
    return await work();
  } finally {
    events.emit = emit;
  }
}
