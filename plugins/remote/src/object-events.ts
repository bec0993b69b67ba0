import {
  type EventObject,
  type EventSubject,
  type Log,
  type ObjectEvent,
  type ObjectEventKind,
  type ObjectEventSource,
  objectEvents,
  type RemoteProgramClient,
  remoteProgram,
  type Unsubscribe,
  xdr,
} from "@polyvisor/core";
import { ObjectEventHub } from "@polyvisor/sdk/events";
import type { RpcClient } from "@polyvisor/sdk/rpc";
import { type Registrar, Registrations, subscribed } from "./registrations.js";

/** The daemon's events about networks, storage pools, node devices and secrets, handed to listeners here. */
export class RemoteObjectEvents implements ObjectEventSource {
  readonly #hub: ObjectEventHub;
  readonly #registrations: Registrations<ObjectEventKind>;

  constructor(client: RpcClient, api: RemoteProgramClient, log: Log) {
    this.#hub = new ObjectEventHub(log);
    const registrars = registrarsOf(api);
    this.#registrations = new Registrations({
      register: (kind) => registrars[objectEvents[kind].about].register(objectEvents[kind].id),
      deregister: (kind, callbackID) =>
        registrars[objectEvents[kind].about].deregister(objectEvents[kind].id, callbackID),
    });
    for (const [kind, { number, body }] of Object.entries(objectEvents)) {
      const message = { number, body: xdr.struct({ callbackID: xdr.i32, ...(body.fields as xdr.Fields) }) };
      client.onMessage(remoteProgram, message, ({ callbackID: _, ...event }) =>
        this.#hub.emit({ kind, ...event } as unknown as ObjectEvent),
      );
    }
  }

  subscribe(
    kind: ObjectEventKind,
    about: EventSubject | undefined,
    listener: (event: ObjectEvent) => void,
  ): Promise<Unsubscribe> {
    return subscribed(this.#registrations, kind, this.#hub.subscribe(kind, about, listener));
  }
}

/** Each sort of object has calls of its own. All of one sort are asked for: who wants one alone, is given one alone here. */
function registrarsOf(api: RemoteProgramClient): Record<EventObject, Registrar<number>> {
  return {
    network: {
      register: (eventID) => api.connectNetworkEventRegisterAny({ eventID, net: null }),
      deregister: (_, callbackID) => api.connectNetworkEventDeregisterAny({ callbackID }),
    },
    storagePool: {
      register: (eventID) => api.connectStoragePoolEventRegisterAny({ eventID, pool: null }),
      deregister: (_, callbackID) => api.connectStoragePoolEventDeregisterAny({ callbackID }),
    },
    nodeDevice: {
      register: (eventID) => api.connectNodeDeviceEventRegisterAny({ eventID, dev: null }),
      deregister: (_, callbackID) => api.connectNodeDeviceEventDeregisterAny({ callbackID }),
    },
    secret: {
      register: (eventID) => api.connectSecretEventRegisterAny({ eventID, secret: null }),
      deregister: (_, callbackID) => api.connectSecretEventDeregisterAny({ callbackID }),
    },
  };
}
