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
import { Registrations, subscribed } from "./registrations.js";

/** The daemon's events about domains, handed to listeners here. */
export class RemoteEvents implements DomainEventSource {
  readonly #hub: DomainEventHub;
  readonly #registrations: Registrations<DomainEventKind>;

  constructor(client: RpcClient, api: RemoteProgramClient, log: Log) {
    this.#hub = new DomainEventHub(log);
    this.#registrations = new Registrations({
      register: (kind) => api.connectDomainEventCallbackRegisterAny({ eventID: domainEvents[kind].id, dom: null }),
      deregister: (_, callbackID) => api.connectDomainEventCallbackDeregisterAny({ callbackID }),
    });
    for (const [kind, { number, body }] of Object.entries(domainEvents)) {
      const message = { number, body: xdr.struct({ callbackID: xdr.i32, ...body.fields }) };
      client.onMessage(remoteProgram, message, ({ callbackID: _, ...event }) =>
        this.#hub.emit({ kind, ...event } as DomainEvent),
      );
    }
  }

  subscribe(
    kind: DomainEventKind,
    dom: Domain | undefined,
    listener: (event: DomainEvent) => void,
  ): Promise<Unsubscribe> {
    return subscribed(this.#registrations, kind, this.#hub.subscribe(kind, dom, listener));
  }
}
