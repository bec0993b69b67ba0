import type { Unsubscribe } from "@polyvisor/core";

/** How the daemon is asked for the events of a kind, and asked to send no more. */
export interface Registrar<Kind> {
  /** Gives the id of the registration. */
  register(kind: Kind): Promise<number>;
  deregister(kind: Kind, callbackID: number): Promise<unknown>;
}

/** A kind of event for which the daemon is asked once, for as long as anybody here listens. */
interface Registration {
  listeners: number;
  /** The id of the daemon's registration. Registering and deregistering follow one another, never cross. */
  state: Promise<number | undefined>;
}

/** What the daemon was asked for. Each kind is asked for when it is first needed, and given up after. */
export class Registrations<Kind> {
  readonly #registrar: Registrar<Kind>;
  readonly #registrations = new Map<Kind, Registration>();

  constructor(registrar: Registrar<Kind>) {
    this.#registrar = registrar;
  }

  /** One more listens to the kind, until the returned function is called. */
  async hold(kind: Kind): Promise<Unsubscribe> {
    const registration = this.#registrations.get(kind) ?? { listeners: 0, state: Promise.resolve(undefined) };
    this.#registrations.set(kind, registration);
    registration.listeners++;
    registration.state = registration.state.catch(() => undefined).then((id) => id ?? this.#registrar.register(kind));
    try {
      await registration.state;
    } catch (error) {
      registration.listeners--;
      throw error;
    }
    let left: Promise<void> | undefined;
    return () => {
      left ??= this.#leave(kind, registration);
      return left;
    };
  }

  /** Never fails: a daemon that is gone has forgotten the registration. */
  async #leave(kind: Kind, registration: Registration): Promise<void> {
    registration.listeners--;
    registration.state = registration.state.then(async (callbackID) => {
      if (callbackID === undefined || registration.listeners > 0) return callbackID;
      await this.#registrar.deregister(kind, callbackID);
      return undefined;
    });
    await registration.state.catch(() => {});
  }
}

/** Listens here and registers there, and undoes both together. */
export async function subscribed<Kind>(
  registrations: Registrations<Kind>,
  kind: Kind,
  leaveHub: Unsubscribe,
): Promise<Unsubscribe> {
  try {
    const leave = await registrations.hold(kind);
    return () => {
      void leaveHub();
      return leave();
    };
  } catch (error) {
    await leaveHub();
    throw error;
  }
}
