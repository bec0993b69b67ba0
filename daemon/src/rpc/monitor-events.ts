import {
  type Domain,
  type MonitorEvent,
  notSupported,
  qemuMessages,
  qemuProgram,
  type Unsubscribe,
  VirtError,
  xdr,
} from "@polyvisor/core";
import type { EventClient } from "./event-client.js";
import { writeEvent } from "./messages.js";

const REGISTER = "connectDomainQemuMonitorEventRegister";
const { number, body } = qemuMessages.domainQemuMonitorEvent;

/** The arguments of a registration. */
export interface Wanted {
  readonly dom: Domain | null;
  readonly event: string | null;
  readonly flags: number;
}

/** One client's registrations for what the monitors of hypervisors say. Each has an id, also where two ask for the same. */
export class MonitorEventRegistrations {
  readonly #client: EventClient;
  readonly #registrations = new Map<number, Unsubscribe>();
  #ended = false;

  constructor(client: EventClient) {
    this.#client = client;
  }

  /** Returns the callback id that every event of this registration will carry. */
  async register({ dom, event, flags }: Wanted): Promise<number> {
    const { connection } = this.#client;
    const source = connection.monitorEvents;
    if (source === undefined) throw notSupported(REGISTER);
    const filter = {
      flags,
      ...(dom === null ? {} : { dom: await connection.resolveDomain(dom) }),
      ...(event === null ? {} : { event }),
    };
    const callbackID = this.#client.nextCallbackId();
    const unsubscribe = await source.subscribe(filter, (heard) => this.#send(heard, callbackID));
    if (this.#ended) await unsubscribe();
    else this.#registrations.set(callbackID, unsubscribe);
    return callbackID;
  }

  async deregister(callbackID: number): Promise<void> {
    const unsubscribe = this.#registrations.get(callbackID);
    if (unsubscribe === undefined)
      throw new VirtError("INTERNAL_ERROR", `qemu monitor event callback ${callbackID} not registered`, {
        domain: "RPC",
      });
    this.#registrations.delete(callbackID);
    await unsubscribe();
  }

  /** The client is gone. Whatever fails here concerns nobody any more. */
  async end(): Promise<void> {
    this.#ended = true;
    const all = [...this.#registrations.values()];
    this.#registrations.clear();
    await Promise.allSettled(all.map(async (unsubscribe) => unsubscribe()));
  }

  #send(event: MonitorEvent, callbackID: number): void {
    const { asker, gate } = this.#client;
    gate.pass(asker, REGISTER, "domain", { ...event.dom }, () => this.#write(event, callbackID));
  }

  #write(event: MonitorEvent, callbackID: number): void {
    if (this.#ended) return;
    const bytes = xdr.encodeToBuffer(body as xdr.Codec<unknown, MonitorEvent & { callbackID: number }>, {
      ...event,
      callbackID,
    });
    writeEvent(this.#client.outbox, number, bytes, undefined, qemuProgram);
  }
}
