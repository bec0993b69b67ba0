import type { Domain, DomainEvent, DomainEventKind, DomainEventSource, Unsubscribe } from "@polyvisor/core";
import { EventHub, type Subscription } from "./event-hub.js";

/** How long after a recovery its news are kept for listeners that come back, in milliseconds. */
const NEWS_MS = 120_000;

/** A driver's domain events. */
export class DomainEventHub extends EventHub<DomainEvent> implements DomainEventSource {
  /** By UUID: the last that a recovery told of a domain, as long as nothing newer has been told. */
  readonly #missed = new Map<string, DomainEvent>();
  #recovering = false;

  subscribe(kind: DomainEventKind, dom: Domain | undefined, listener: (event: DomainEvent) => void): Unsubscribe {
    const subscription = { key: dom?.uuid, listener };
    const unsubscribe = this.add(kind, subscription);
    if (kind === "lifecycle" && this.#missed.size > 0) setImmediate(() => this.#catchUp(subscription));
    return unsubscribe;
  }

  override emit(event: DomainEvent): void {
    if (event.kind === "lifecycle") this.#note(event);
    super.emit(event);
  }

  /**
   * Finds out what happened while the driver did not run. Nobody listens yet who lost its connection with the last
   * daemon; so the last lifecycle event that `work` emits for each domain is told, too, to those who subscribe in the
   * next two minutes. It is told after the subscription's own answer, and only while it is still the domain's last.
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

  protected keyOf(event: DomainEvent): string {
    return event.dom.uuid;
  }

  #note(event: DomainEvent): void {
    if (this.#recovering) this.#missed.set(event.dom.uuid, event);
    else this.#missed.delete(event.dom.uuid);
  }

  #catchUp(subscription: Subscription<DomainEvent>): void {
    if (!this.has("lifecycle", subscription)) return;
    for (const event of this.#missed.values()) this.deliver(subscription, event);
  }
}
