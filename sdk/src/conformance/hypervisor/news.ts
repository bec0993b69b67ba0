import type { Connection, Domain, DomainEvent, DomainEventKind } from "@polyvisor/core";
import { LIFECYCLE_EVENT } from "@polyvisor/core";
import { type DomainStatus, type LifecycleNews, TRANSITIONS, type TransitionName } from "../../lifecycle/index.js";
import { type Check, Deviation } from "../kit/index.js";

/** One way in which a call may carry a domain on: the steps that it takes, as hypervisors differ in how many there are. */
export type Path = readonly TransitionName[];

/** What listeners hear of it. */
export function newsOf(path: Path): readonly LifecycleNews[] {
  return path.flatMap((name) => TRANSITIONS[name].news);
}

/** What the domain does after it; `undefined` where it goes on as it was. */
export function statusAfter(path: Path): DomainStatus | undefined {
  return path
    .map((name) => TRANSITIONS[name])
    .flatMap((step) => ("to" in step ? [step.to] : []))
    .at(-1);
}

/** Everything that happens to domains from here on, as one client hears it. */
export class News {
  readonly heard: DomainEvent[] = [];
  #failure: unknown;

  private constructor() {}

  /** Stands when it resolves: nothing that happens after it is missed. */
  static async of(connection: Connection, check: Check, kinds: readonly DomainEventKind[] = ["lifecycle"]) {
    const news = new News();
    const stop = new AbortController();
    check.cleanup(() => stop.abort());
    const events = await connection.events({ kinds, signal: stop.signal });
    void news.#listen(events);
    return news;
  }

  async #listen(events: AsyncIterableIterator<DomainEvent>): Promise<void> {
    try {
      for await (const event of events) this.heard.push(event);
    } catch (error) {
      this.#failure = error;
    }
  }

  /** What has been heard of a domain's life. */
  of({ uuid }: Pick<Domain, "uuid">): LifecycleNews[] {
    return this.heard.flatMap((event) =>
      event.kind === "lifecycle" && event.dom.uuid === uuid ? [{ event: event.event, detail: event.detail }] : [],
    );
  }

  /** Waits until there are so many of a domain. */
  async count(check: Check, dom: Pick<Domain, "uuid">, count: number): Promise<void> {
    const seen = () => {
      if (this.#failure !== undefined) throw this.#failure;
      return this.of(dom).length >= count;
    };
    await check.eventually(`${count} events`, seen).catch((error: unknown) => {
      if (!(error instanceof Deviation)) throw error;
      throw new Deviation(`${error.message}; what came: ${inWords(this.of(dom))}`);
    });
  }
}

/** Events by their names. */
export function inWords(news: readonly LifecycleNews[]): string {
  const names = Object.entries(LIFECYCLE_EVENT);
  return news.length === 0
    ? "nothing"
    : news.map(({ event, detail }) => `${names.find(([, id]) => id === event)?.[0] ?? event}/${detail}`).join(", ");
}
