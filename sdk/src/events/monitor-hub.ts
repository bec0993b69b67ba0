import type { Log, MonitorEvent, MonitorEventFilter, MonitorEventSource, Unsubscribe } from "@polyvisor/core";
import { type NameFilter, nameFilter } from "./event-name.js";

interface Subscription {
  readonly uuid: string | undefined;
  readonly fits: NameFilter;
  readonly listener: (event: MonitorEvent) => void;
}

/** What the monitors of a driver's guests say, handed to whoever wants to hear it as it was said. */
export class MonitorEventHub implements MonitorEventSource {
  readonly #subscriptions = new Set<Subscription>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Somebody listens. Where nobody does, nothing has to be made ready. */
  get isHeard(): boolean {
    return this.#subscriptions.size > 0;
  }

  subscribe(filter: MonitorEventFilter, listener: (event: MonitorEvent) => void): Unsubscribe {
    const subscription = { uuid: filter.dom?.uuid, fits: nameFilter(filter), listener };
    this.#subscriptions.add(subscription);
    return () => void this.#subscriptions.delete(subscription);
  }

  /** A listener that fails harms no other. */
  emit(event: MonitorEvent): void {
    for (const { uuid, fits, listener } of this.#subscriptions) {
      if ((uuid !== undefined && uuid !== event.dom.uuid) || !fits(event.event)) continue;
      try {
        listener(event);
      } catch (error) {
        this.#log.error({ err: error, event: event.event, about: event.dom.uuid }, "a listener failed on an event");
      }
    }
  }
}
