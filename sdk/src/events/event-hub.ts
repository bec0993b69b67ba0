import type { Log, Unsubscribe } from "@polyvisor/core";

export interface Subscription<E> {
  /** Only what is about this object; `undefined` for all of them. */
  readonly key: string | undefined;
  readonly listener: (event: E) => void;
}

/**
 * Hands events to whoever subscribed, in the order in which they were emitted.
 *
 * A driver emits after the fact: what the event tells is already visible to every other call.
 */
export abstract class EventHub<E extends { readonly kind: string }> {
  readonly #subscriptions = new Map<E["kind"], Set<Subscription<E>>>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** What tells the object of an event from others. */
  protected abstract keyOf(event: E): string;

  emit(event: E): void {
    for (const subscription of this.#subscriptions.get(event.kind) ?? []) this.deliver(subscription, event);
  }

  protected add(kind: E["kind"], subscription: Subscription<E>): Unsubscribe {
    let ofKind = this.#subscriptions.get(kind);
    if (ofKind === undefined) {
      ofKind = new Set();
      this.#subscriptions.set(kind, ofKind);
    }
    ofKind.add(subscription);
    return () => void ofKind.delete(subscription);
  }

  protected has(kind: E["kind"], subscription: Subscription<E>): boolean {
    return this.#subscriptions.get(kind)?.has(subscription) === true;
  }

  /** A listener that fails harms no other. */
  protected deliver({ key, listener }: Subscription<E>, event: E): void {
    const about = this.keyOf(event);
    if (key !== undefined && key !== about) return;
    try {
      listener(event);
    } catch (error) {
      this.#log.error({ err: error, event: event.kind, about }, "a listener failed on an event");
    }
  }
}
