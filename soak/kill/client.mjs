import { setTimeout as sleep } from "node:timers/promises";
import { LIFECYCLE_EVENT, LIST_DOMAINS_FLAG } from "@polyvisor/core";

/** A call that has no answer by then counts as stuck, in milliseconds. */
export const STUCK_MS = 60_000;

/** The run state that an event leads to; others do not change it. */
const RUN_AFTER = {
  [LIFECYCLE_EVENT.STARTED]: "running",
  [LIFECYCLE_EVENT.RESUMED]: "running",
  [LIFECYCLE_EVENT.SUSPENDED]: "paused",
  [LIFECYCLE_EVENT.STOPPED]: "off",
};

/**
 * A client during one life of the daemon. It registers for events before anything else, takes what it then sees as the
 * present, and from there on knows the guests by their events alone.
 */
export class Client {
  #calls;
  #observer;
  /** By name: "running", "paused" or "off". */
  #told = new Map();

  constructor(calls, observer) {
    this.#calls = calls;
    this.#observer = observer;
  }

  static async open(host, socket) {
    const uri = `qemu+unix:///${process.getuid() === 0 ? "system" : "session"}?socket=${socket}`;
    const [calls, observer] = await Promise.all([host.open(uri), host.open(uri)]);
    const client = new Client(calls, observer);
    const events = await observer.events({ kinds: ["lifecycle"] });
    for (const [name, run] of await client.runStates()) client.#told.set(name, run);
    void client.#listen(events);
    return client;
  }

  /** The calls of the API, each with a deadline. */
  get api() {
    return bounded(this.#calls.api);
  }

  /** What the events so far add up to. */
  get told() {
    return this.#told;
  }

  /** Resolves once what the events told is what the guests do; with the differences where it does not come to that. */
  async eventsAgree(patience = 3000) {
    const deadline = performance.now() + patience;
    for (;;) {
      const present = await this.runStates();
      const names = new Set([...present.keys(), ...this.#told.keys()]);
      const wrong = [...names].filter((name) => (present.get(name) ?? "off") !== (this.#told.get(name) ?? "off"));
      if (wrong.length === 0) return [];
      if (performance.now() > deadline)
        return wrong.map((name) => `by the events ${name} is ${this.#told.get(name)}, but it is ${present.get(name)}`);
      await sleep(25);
    }
  }

  /** Every active domain, by name. */
  async runStates() {
    const api = bounded(this.#observer.api);
    const active = await api.connectListAllDomains({ flags: LIST_DOMAINS_FLAG.ACTIVE });
    const paused = await api.connectListAllDomains({ flags: LIST_DOMAINS_FLAG.PAUSED });
    const names = new Set(paused.map(({ name }) => name));
    return new Map(active.map(({ name }) => [name, names.has(name) ? "paused" : "running"]));
  }

  async close() {
    await Promise.allSettled([this.#calls.close(), this.#observer.close()]);
  }

  async #listen(events) {
    try {
      for await (const { dom, event } of events) {
        const run = RUN_AFTER[event];
        if (run !== undefined) this.#told.set(dom.name, run);
      }
    } catch {
      // The daemon was killed.
    }
  }
}

/** The same calls; one without an answer in time fails with a `StuckError`. */
function bounded(api) {
  return new Proxy(api, {
    get: (calls, name) => async (args) => {
      let timer;
      const stuck = new Promise((_, reject) => {
        timer = setTimeout(reject, STUCK_MS, new StuckError(`${String(name)} has no answer after ${STUCK_MS} ms`));
      });
      try {
        return await Promise.race([calls[name](args), stuck]);
      } finally {
        clearTimeout(timer);
      }
    },
  });
}

export class StuckError extends Error {}
