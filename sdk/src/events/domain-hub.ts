import type { Domain, DomainEvent, DomainEventKind, DomainEventSource, Unsubscribe } from "@polyvisor/core";
import { EventHub, type Subscription } from "./event-hub.js";

/** How long after a recovery its news are kept for listeners that come back, in milliseconds. */
const NEWS_MS = 120_000;

/** A driver's domain events. */
export class DomainEventHub extends EventHub<DomainEvent> implements DomainEventSource {
  /** By what they are about: the last that a recovery told of a domain or its device, as long as nothing newer has been told. */
  readonly #missed = new Map<string, DomainEvent>();
  #recovering = false;

  subscribe(kind: DomainEventKind, dom: Domain | undefined, listener: (event: DomainEvent) => void): Unsubscribe {
    const subscription = { key: dom?.uuid, listener };
    const unsubscribe = this.add(kind, subscription);
    if (isNews(kind) && this.#missed.size > 0) setImmediate(() => this.#catchUp(kind, subscription));
    return unsubscribe;
  }

  override emit(event: DomainEvent): void {
    const about = newsAbout(event);
    if (about !== undefined) this.#note(about, event);
    super.emit(event);
  }

  /**
   * Finds out what happened while the driver did not run. Nobody listens yet who lost its connection with the last
   * daemon; so the last lifecycle event that `work` emits for each domain, and of each device that it is gone, is told,
   * too, to those who subscribe in the next two minutes. It is told after the subscription's own answer, and only while it is still the domain's last.
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

  #note(about: string, event: DomainEvent): void {
    if (this.#recovering) this.#missed.set(about, event);
    else this.#missed.delete(about);
  }

  #catchUp(kind: DomainEventKind, subscription: Subscription<DomainEvent>): void {
    if (!this.has(kind, subscription)) return;
    for (const event of this.#missed.values()) if (event.kind === kind) this.deliver(subscription, event);
  }
}

function isNews(kind: DomainEventKind): boolean {
  return kind === "lifecycle" || kind === "deviceRemoved" || kind === "deviceAdded";
}

/** What an event is the latest about; `undefined` where it is of no use later. */
function newsAbout(event: DomainEvent): string | undefined {
  if (event.kind === "lifecycle") return event.dom.uuid;
  if (event.kind === "deviceRemoved" || event.kind === "deviceAdded") return `${event.dom.uuid} ${event.devAlias}`;
  return undefined;
}
