import {
  type Domain,
  type DomainEvent,
  type DomainEventKind,
  type DomainEventSource,
  domainEvents,
  type Log,
  type RemoteProgramClient,
  remoteProgram,
  type Unsubscribe,
  xdr,
} from "@polyvisor/core";
import { DomainEventHub } from "@polyvisor/sdk/events";
import type { RpcClient } from "@polyvisor/sdk/rpc";

/** A kind of event for which the daemon is asked once, for as long as anybody here listens. */
interface Registration {
  listeners: number;
  /** The id of the daemon's registration. Registering and deregistering follow one another, never cross. */
  state: Promise<number | undefined>;
}

/** The daemon's events, handed to listeners here. Each kind is asked for when it is first needed, and given up after. */
export class RemoteEvents implements DomainEventSource {
  readonly #api: RemoteProgramClient;
  readonly #hub: DomainEventHub;
  readonly #registrations = new Map<DomainEventKind, Registration>();

  constructor(client: RpcClient, api: RemoteProgramClient, log: Log) {
    this.#api = api;
    this.#hub = new DomainEventHub(log);
    for (const [kind, { number, body }] of Object.entries(domainEvents)) {
      const message = { number, body: xdr.struct({ callbackID: xdr.i32, ...body.fields }) };
      client.onMessage(remoteProgram, message, ({ callbackID: _, ...event }) =>
        this.#hub.emit({ kind, ...event } as DomainEvent),
      );
    }
  }

  async subscribe(
    kind: DomainEventKind,
    dom: Domain | undefined,
    listener: (event: DomainEvent) => void,
  ): Promise<Unsubscribe> {
    const leave = this.#hub.subscribe(kind, dom, listener);
    try {
      await this.#enter(kind);
    } catch (error) {
      await leave();
      throw error;
    }
    let left: Promise<void> | undefined;
    return () => {
      void leave();
      left ??= this.#leave(kind);
      return left;
    };
  }

  async #enter(kind: DomainEventKind): Promise<void> {
    const registration = this.#registrations.get(kind) ?? { listeners: 0, state: Promise.resolve(undefined) };
    this.#registrations.set(kind, registration);
    registration.listeners++;
    registration.state = registration.state
      .catch(() => undefined)
      .then(
        (id) => id ?? this.#api.connectDomainEventCallbackRegisterAny({ eventID: domainEvents[kind].id, dom: null }),
      );
    try {
      await registration.state;
    } catch (error) {
      registration.listeners--;
      throw error;
    }
  }

  /** Never fails: a daemon that is gone has forgotten the registration. */
  async #leave(kind: DomainEventKind): Promise<void> {
    const registration = this.#registrations.get(kind);
    if (registration === undefined) return;
    registration.listeners--;
    registration.state = registration.state.then(async (callbackID) => {
      if (callbackID === undefined || registration.listeners > 0) return callbackID;
      await this.#api.connectDomainEventCallbackDeregisterAny({ callbackID });
      return undefined;
    });
    await registration.state.catch(() => {});
  }
}
