import type { DomainEvent, Log } from "@polyvisor/core";
import { DomainEventHub } from "@polyvisor/sdk/events";

interface Waiting {
  readonly event: DomainEvent;
  /** Of `performance.now()`. */
  readonly due: number;
}

/** Tells how late an event is to be, in seconds. */
export type Lateness = (event: DomainEvent) => number;

/** Events of domains, some of which are late. An event never overtakes one of the same domain. */
export class LateEventHub extends DomainEventHub {
  readonly #lateness: Lateness;
  readonly #watchers: ((event: DomainEvent) => void)[] = [];
  /** By UUID, the next one first. */
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(log: Log, lateness: Lateness) {
    super(log);
    this.#lateness = lateness;
  }

  /** Calls the driver's own `watcher` for every event, at once. */
  watch(watcher: (event: DomainEvent) => void): void {
    this.#watchers.push(watcher);
  }

  /** `seconds` is how late it is to be told, for a caller that knows the domain better than its UUID does. */
  override emit(event: DomainEvent, seconds = this.#lateness(event)): void {
    for (const watcher of this.#watchers) watcher(event);
    const { uuid } = event.dom;
    const waiting = this.#waiting.get(uuid);
    if (waiting === undefined && seconds === 0) {
      super.emit(event);
      return;
    }
    const due = Math.max(performance.now() + seconds * 1000, waiting?.at(-1)?.due ?? 0);
    if (waiting === undefined) this.#waiting.set(uuid, [{ event, due }]);
    else waiting.push({ event, due });
    this.#schedule(uuid);
  }

  /** Nobody listens any more. */
  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#waiting.clear();
  }

  #schedule(uuid: string): void {
    const [next] = this.#waiting.get(uuid) ?? [];
    if (next === undefined || this.#timers.has(uuid)) return;
    const delay = Math.max(0, next.due - performance.now());
    this.#timers.set(
      uuid,
      setTimeout(() => this.#tell(uuid), delay),
    );
  }

  #tell(uuid: string): void {
    this.#timers.delete(uuid);
    const waiting = this.#waiting.get(uuid) ?? [];
    const next = waiting.shift();
    if (waiting.length === 0) this.#waiting.delete(uuid);
    if (next !== undefined) super.emit(next.event);
    this.#schedule(uuid);
  }
}
