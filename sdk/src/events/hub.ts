import type { Domain, DomainEvent, DomainEventKind, DomainEventSource, Log, Unsubscribe } from "@polyvisor/core";

type Listener = (event: DomainEvent) => void;

interface Subscription {
  /** Only this domain's events, by UUID; `undefined` for all domains. */
  readonly uuid: string | undefined;
  readonly listener: Listener;
}

/**
 * Hands a driver's events to whoever subscribed, in the order in which they were emitted.
 *
 * A driver emits after the fact: what the event tells is already visible to every other call.
 */
export class DomainEventHub implements DomainEventSource {
  readonly #subscriptions = new Map<DomainEventKind, Set<Subscription>>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  subscribe(kind: DomainEventKind, dom: Domain | undefined, listener: Listener): Unsubscribe {
    const subscription = { uuid: dom?.uuid, listener };
    let ofKind = this.#subscriptions.get(kind);
    if (ofKind === undefined) {
      ofKind = new Set();
      this.#subscriptions.set(kind, ofKind);
    }
    ofKind.add(subscription);
    return () => void ofKind.delete(subscription);
  }

  emit(event: DomainEvent): void {
    for (const { uuid, listener } of this.#subscriptions.get(event.kind) ?? []) {
      if (uuid !== undefined && uuid !== event.dom.uuid) continue;
      try {
        listener(event);
      } catch (error) {
        this.#log.error({ err: error, event: event.kind, domain: event.dom.name }, "a listener failed on an event");
      }
    }
  }
}
