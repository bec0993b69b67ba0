import {
  connectionClosedEvent,
  type Domain,
  type DomainEvent,
  type DomainEventKind,
  domainEventKind,
  domainEvents,
  type Unsubscribe,
  VirtError,
  xdr,
} from "@polyvisor/core";
import type { Reference } from "../access/subject.js";
import { type EventClient, keepUnlessRefused } from "./event-client.js";
import { eventBody } from "./event-frame.js";
import { writeEvent } from "./messages.js";

/** The last event kind that clients can register for without a callback id: later ones came with libvirt's new calls. */
const LAST_LEGACY_ID = domainEvents.deviceRemoved.id;

/** Why a connection is lost, as libvirt's clients know it: `VIR_CONNECT_CLOSE_REASON_ERROR`. */
const LOST_BY_ERROR = xdr.encodeToBuffer(connectionClosedEvent.body, { reason: 0 });

interface Registration {
  readonly eventID: number;
  /** The one domain whose events are wanted. */
  readonly uuid: string | undefined;
  readonly unsubscribe: Unsubscribe;
}

/** One client's registrations for domain events, in all three generations of the protocol. */
export class EventRegistrations {
  readonly #client: EventClient;
  readonly #registrations = new Map<number, Registration>();
  /** The client wants to hear when the driver loses what it drives. */
  wantsLoss = false;
  #ended = false;

  constructor(client: EventClient) {
    this.#client = client;
  }

  /** Returns the callback id that every event of this registration will carry. */
  async register(eventID: number, dom: Domain | undefined): Promise<number> {
    const kind = domainEventKind(eventID);
    if (kind === undefined) throw unsupported(eventID);
    const { connection } = this.#client;
    const about = dom === undefined ? undefined : await connection.resolveDomain(dom);
    const callbackID = this.#client.nextCallbackId();
    await this.#subscribe(kind, about, callbackID, (event) => this.#send(event, callbackID));
    return callbackID;
  }

  async deregister(callbackID: number): Promise<void> {
    const registration = this.#registrations.get(callbackID);
    if (registration === undefined)
      throw new VirtError("INTERNAL_ERROR", `domain event callback ${callbackID} not registered`, { domain: "RPC" });
    this.#registrations.delete(callbackID);
    await registration.unsubscribe();
  }

  /** Registers in the way of clients that know no callback ids: their events carry none. */
  async registerLegacy(eventID: number): Promise<void> {
    const kind = legacyKind(eventID);
    await this.#subscribe(kind, undefined, this.#client.nextCallbackId(), (event) => this.#send(event, undefined));
  }

  async deregisterLegacy(eventID: number): Promise<void> {
    legacyKind(eventID);
    for (const [id, registration] of this.#registrations) {
      if (registration.eventID === eventID) return this.deregister(id);
    }
    throw new VirtError("INTERNAL_ERROR", `domain event ${eventID} not registered`, { domain: "RPC" });
  }

  /** The driver has lost what it drives. */
  connectionLost(): void {
    if (this.wantsLoss) this.#write(connectionClosedEvent.number, LOST_BY_ERROR);
  }

  /** The client is gone. Whatever fails here concerns nobody any more. */
  async end(): Promise<void> {
    this.#ended = true;
    const all = [...this.#registrations.values()];
    this.#registrations.clear();
    await Promise.allSettled(all.map(async ({ unsubscribe }) => unsubscribe()));
  }

  async #subscribe(
    kind: DomainEventKind,
    dom: Domain | undefined,
    id: number,
    listener: (event: DomainEvent) => void,
  ): Promise<void> {
    const source = this.#client.connection.events;
    if (source === undefined) throw new VirtError("NO_SUPPORT", "virConnectDomainEventRegisterAny");
    const eventID = domainEvents[kind].id;
    for (const known of this.#registrations.values()) {
      if (known.eventID === eventID && known.uuid === dom?.uuid)
        throw new VirtError("INVALID_ARG", "event callback already tracked");
    }
    const subscribed = Promise.resolve(source.subscribe(kind, dom, listener));
    const registration = { eventID, uuid: dom?.uuid, unsubscribe: async () => (await subscribed)() };
    // Known before the driver has answered: a second one that is sent right behind it is refused.
    await keepUnlessRefused(this.#registrations, id, registration, subscribed);
    if (this.#ended && this.#registrations.delete(id)) await registration.unsubscribe();
  }

  #send(event: DomainEvent, callbackID: number | undefined): void {
    const { asker, gate } = this.#client;
    gate.pass(asker, "connectDomainEventCallbackRegisterAny", "domain", event.dom as unknown as Reference, () =>
      this.#deliver(event, callbackID),
    );
  }

  #deliver(event: DomainEvent, callbackID: number | undefined): void {
    const { legacy, number } = domainEvents[event.kind];
    if (callbackID === undefined) this.#write(legacy ?? number, legacyBodyOf(event));
    else this.#write(number, bodyOf(event), callbackID);
  }

  #write(procedure: number, body: Buffer, callbackID?: number): void {
    if (!this.#ended) writeEvent(this.#client.outbox, procedure, body, callbackID);
  }
}

function bodyOf(event: DomainEvent): Buffer {
  return eventBody(domainEvents[event.kind].body as unknown as xdr.Codec<unknown, DomainEvent>, event);
}

function legacyBodyOf(event: DomainEvent): Buffer {
  return eventBody(domainEvents[event.kind].legacyBody as unknown as xdr.Codec<unknown, DomainEvent>, event);
}

function legacyKind(eventID: number): DomainEventKind {
  const kind = eventID > LAST_LEGACY_ID ? undefined : domainEventKind(eventID);
  if (kind === undefined) throw unsupported(eventID);
  return kind;
}

function unsupported(eventID: number): VirtError {
  return new VirtError("INTERNAL_ERROR", `unsupported event ID ${eventID}`, {
    domain: "RPC",
    hint: "docs/support-matrix.md lists the events of each driver",
  });
}
