import type { HypervisorCallName, MaybePromise } from "@polyvisor/core";
import type { Asker } from "./asker.js";
import { maySee, maySeeAll } from "./authorize.js";
import type { Reference, SubjectName } from "./subject.js";

/** Events of one client that wait for a policy's answer; further ones are lost to it, with a line in the log. */
const WAITING_MAX = 10_000;

/** Lets through the events of one client that are about objects that it may know of, in their order. */
export class EventGate {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** `send` is called at once where nobody has to be waited for, else once the policy has allowed this and answered all before. */
  pass(
    asker: Asker | undefined,
    registeredBy: HypervisorCallName,
    sort: SubjectName,
    reference: Reference,
    send: () => void,
  ): void {
    if (asker === undefined || (this.#waiting === 0 && maySeeAll(asker, sort, "getattr"))) {
      send();
      return;
    }
    const ask = () => maySee(asker, registeredBy, sort, "getattr", reference);
    if (this.#waiting === 0) {
      const allowed = ask();
      if (allowed instanceof Promise) this.#queue(() => allowed, send);
      else if (allowed) send();
    } else if (this.#waiting < WAITING_MAX) this.#queue(ask, send);
    else asker.log.warn({ waiting: this.#waiting }, "the access policy is too slow; an event is lost");
  }

  /** One question of a client at a time: a storm of events must not keep the policy from the calls of others. */
  #queue(ask: () => MaybePromise<boolean>, send: () => void): void {
    this.#waiting++;
    this.#last = this.#last.then(async () => {
      if (await ask()) send();
      this.#waiting--;
    });
  }
}
