import {
  type EventObject,
  type EventSubject,
  type HypervisorCallName,
  type HypervisorConnection,
  notSupported,
  type ObjectEvent,
  objectEventKind,
  objectEvents,
  objectKey,
  type Unsubscribe,
  VirtError,
  type xdr,
} from "@polyvisor/core";
import type { Reference, SubjectName } from "../access/subject.js";
import { type EventClient, keepUnlessRefused } from "./event-client.js";
import { eventBody } from "./event-frame.js";
import { writeEvent } from "./messages.js";

interface Registration {
  readonly about: EventObject;
  readonly eventID: number;
  /** The one object whose events are wanted. */
  readonly key: string | undefined;
  readonly unsubscribe: Unsubscribe;
}

interface Words {
  /** libvirt's, in messages. */
  readonly noun: string;
  /** The call that registers. */
  readonly call: HypervisorCallName;
  /** What permissions call it. */
  readonly sort: SubjectName;
}

const WORDS: Readonly<Record<EventObject, Words>> = {
  network: { noun: "network", call: "connectNetworkEventRegisterAny", sort: "network" },
  storagePool: { noun: "storage pool", call: "connectStoragePoolEventRegisterAny", sort: "storage_pool" },
  nodeDevice: { noun: "node device", call: "connectNodeDeviceEventRegisterAny", sort: "node_device" },
  secret: { noun: "secret", call: "connectSecretEventRegisterAny", sort: "secret" },
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
    const subscribed = Promise.resolve(source.subscribe(kind, object, (event) => this.#send(event, callbackID)));
    const registration = { about, eventID, key, unsubscribe: async () => (await subscribed)() };
    await keepUnlessRefused(this.#registrations, callbackID, registration, subscribed);
    if (this.#ended && this.#registrations.delete(callbackID)) await registration.unsubscribe();
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
    const { asker, gate } = this.#client;
    const { about } = objectEvents[event.kind];
    const { call, sort } = WORDS[about];
    gate.pass(asker, call, sort, event.object as unknown as Reference, () => this.#write(event, callbackID));
  }

  #write(event: ObjectEvent, callbackID: number): void {
    if (this.#ended) return;
    const { number, body } = objectEvents[event.kind];
    const bytes = eventBody(body as unknown as xdr.Codec<unknown, ObjectEvent>, event);
    writeEvent(this.#client.outbox, number, bytes, callbackID);
  }
}

function sourceOf({ objectEvents: source }: HypervisorConnection, about: EventObject) {
  if (source === undefined) throw notSupported(WORDS[about].call);
  return source;
}
