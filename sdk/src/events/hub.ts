import type { Domain, DomainEvent, DomainEventKind, DomainEventSource, Log, Unsubscribe } from "@polyvisor/core";

type Listener = (event: DomainEvent) => void;

interface Subscription {
  /** Only this domain's events, by UUID; `undefined` for all domains. */
  readonly uuid: string | undefined;
  readonly listener: Listener;
}

/** How long after a recovery its news are kept for listeners that come back, in milliseconds. */
const NEWS_MS = 30_000;

/**
 * Hands a driver's events to whoever subscribed, in the order in which they were emitted.
 *
 * A driver emits after the fact: what the event tells is already visible to every other call.
 */
export class DomainEventHub implements DomainEventSource {
  readonly #subscriptions = new Map<DomainEventKind, Set<Subscription>>();
  readonly #log: Log;
  /** By UUID: the last that a recovery told of a domain, as long as nothing newer has been told. */
  readonly #missed = new Map<string, DomainEvent>();
  #recovering = false;

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
    if (kind === "lifecycle" && this.#missed.size > 0) setImmediate(() => this.#catchUp(subscription));
    return () => void ofKind.delete(subscription);
  }

  emit(event: DomainEvent): void {
    if (event.kind === "lifecycle") this.#note(event);
    for (const subscription of this.#subscriptions.get(event.kind) ?? []) this.#deliver(subscription, event);
  }

  /**
   * Finds out what happened while the driver did not run. Nobody listens yet who lost its connection with the last
   * daemon; so the last lifecycle event that `work` emits for each domain is told, too, to those who subscribe in the
   * next half minute. It is told after the subscription's own answer, and only while it is still the domain's last.
   */
  async recover<T>(work: () => Promise<T>): Promise<T> {
    this.#recovering = true;
    try {
      return await work();
    } finally {
      this.#recovering = false;
      setTimeout(() => this.#missed.clear(), NEWS_MS).unref();
    }
  }

  #note(event: DomainEvent): void {
    if (this.#recovering) this.#missed.set(event.dom.uuid, event);
    else this.#missed.delete(event.dom.uuid);
  }

  #catchUp(subscription: Subscription): void {
    if (!this.#subscriptions.get("lifecycle")?.has(subscription)) return;
    for (const event of this.#missed.values()) this.#deliver(subscription, event);
  }

  #deliver({ uuid, listener }: Subscription, event: DomainEvent): void {
    if (uuid !== undefined && uuid !== event.dom.uuid) return;
    try {
      listener(event);
    } catch (error) {
      this.#log.error({ err: error, event: event.kind, domain: event.dom.name }, "a listener failed on an event");
    }
  }
}
