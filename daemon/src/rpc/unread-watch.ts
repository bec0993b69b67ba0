import type { HeldMemory } from "./held-memory.js";
import type { OutboxWatch } from "./outbox.js";
import type { Session } from "./session.js";

/** Follows how the client of a session takes what goes to it. */
export class UnreadWatch implements OutboxWatch {
  readonly #session: Session;
  readonly #memory: HeldMemory;

  constructor(session: Session, memory: HeldMemory) {
    this.#session = session;
    this.#memory = memory;
  }

  grown(): void {
    this.#memory.count(this.#session);
  }

  lost(unread: number): void {
    this.#session.log.warn({ unread }, "the client does not read what it is sent; its connection is closed");
    this.#session.abandon();
  }

  losesEvents(unread: number): void {
    const { log } = this.#session;
    log.warn({ unread }, "the client does not read what it is sent; from here on its events are lost");
  }

  takesEvents(lost: number): void {
    this.#session.log.warn({ lost }, "the client reads again; so many of its events were lost");
  }
}
