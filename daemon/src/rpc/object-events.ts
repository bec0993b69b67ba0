import {
  type EventObject,
  type EventSubject,
  type HypervisorConnection,
  type ObjectEvent,
  objectEventKind,
  objectEvents,
  objectKey,
  type Unsubscribe,
  VirtError,
  xdr,
} from "@polyvisor/core";
import type { EventClient } from "./event-client.js";
import { writeEvent } from "./messages.js";

interface Registration {
  readonly about: EventObject;
  readonly eventID: number;
  /** The one object whose events are wanted. */
  readonly key: string | undefined;
  readonly unsubscribe: Unsubscribe;
}

/** The words that libvirt has for the objects, and for the calls that register. */
const WORDS: Readonly<Record<EventObject, { readonly noun: string; readonly call: string }>> = {
  network: { noun: "network", call: "virConnectNetworkEventRegisterAny" },
  storagePool: { noun: "storage pool", call: "virConnectStoragePoolEventRegisterAny" },
  nodeDevice: { noun: "node device", call: "virConnectNodeDeviceEventRegisterAny" },
  secret: { noun: "secret", call: "virConnectSecretEventRegisterAny" },
};

/** One client's registrations for events of what is not a domain. */
export class ObjectEventRegistrations {
  readonly #client: EventClient;
  readonly #registrations = new Map<number, Registration>();
  #ended = false;

  constructor(client: EventClient) {
    this.#client = client;
  }

  /** Returns the callback id that every event of this registration will carry. */
  async register(about: EventObject, eventID: number, object: EventSubject | undefined): Promise<number> {
    const kind = objectEventKind(about, eventID);
    if (kind === undefined)
      throw new VirtError("INTERNAL_ERROR", `unsupported ${WORDS[about].noun} event ID ${eventID}`, { domain: "RPC" });
    const source = sourceOf(this.#client.connection, about);
    const key = object && objectKey(object);
    for (const known of this.#registrations.values()) {
      if (known.about === about && known.eventID === eventID && known.key === key)
        throw new VirtError("INVALID_ARG", "event callback already tracked");
    }
    const callbackID = this.#client.nextCallbackId();
    const unsubscribe = await source.subscribe(kind, object, (event) => this.#send(event, callbackID));
    if (this.#ended) await unsubscribe();
    else this.#registrations.set(callbackID, { about, eventID, key, unsubscribe });
    return callbackID;
  }

  async deregister(about: EventObject, callbackID: number): Promise<void> {
    const registration = this.#registrations.get(callbackID);
    if (registration?.about !== about)
      throw new VirtError("INTERNAL_ERROR", `${WORDS[about].noun} event callback ${callbackID} not registered`, {
        domain: "RPC",
      });
    this.#registrations.delete(callbackID);
    await registration.unsubscribe();
  }

  /** The client is gone. Whatever fails here concerns nobody any more. */
  async end(): Promise<void> {
    this.#ended = true;
    const all = [...this.#registrations.values()];
    this.#registrations.clear();
    await Promise.allSettled(all.map(async ({ unsubscribe }) => unsubscribe()));
  }

  #send(event: ObjectEvent, callbackID: number): void {
    if (this.#ended) return;
    const { number, body } = objectEvents[event.kind];
    const bytes = xdr.encodeToBuffer(body as unknown as xdr.Codec<unknown, ObjectEvent>, event);
    writeEvent(this.#client.outbox, number, bytes, callbackID);
  }
}

function sourceOf({ objectEvents: source }: HypervisorConnection, about: EventObject) {
  if (source === undefined) throw new VirtError("NO_SUPPORT", WORDS[about].call);
  return source;
}
