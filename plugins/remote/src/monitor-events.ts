import {
  type MonitorEvent,
  type MonitorEventFilter,
  type MonitorEventSource,
  qemuMessages,
  qemuProgram,
  type Unsubscribe,
} from "@polyvisor/core";
import { type RpcClient, stubsOf } from "@polyvisor/sdk/rpc";

type Listener = (event: MonitorEvent) => void;

/** What monitors said to the daemon, handed to listeners here. Each of them is registered there, with its filter. */
export class RemoteMonitorEvents implements MonitorEventSource {
  readonly #client: RpcClient;
  readonly #listeners = new Map<number, Listener>();
  /** Registrations that are not answered yet: an event may overtake the answer that tells its id. */
  #registering = 0;
  readonly #early: { readonly callbackID: number; readonly event: MonitorEvent }[] = [];
  #isListening = false;

  constructor(client: RpcClient) {
    this.#client = client;
  }

  async subscribe({ dom, event, flags }: MonitorEventFilter, listener: Listener): Promise<Unsubscribe> {
    this.#listen();
    const api = stubsOf(this.#client, qemuProgram);
    this.#registering++;
    try {
      const callbackID = await api.connectDomainQemuMonitorEventRegister({
        dom: dom ?? null,
        event: event ?? null,
        flags,
      });
      this.#listeners.set(callbackID, listener);
      for (const early of this.#early) if (early.callbackID === callbackID) listener(early.event);
      return async () => {
        if (!this.#listeners.delete(callbackID)) return;
        // A daemon that is gone has forgotten the registration.
        await api.connectDomainQemuMonitorEventDeregister({ callbackID }).catch(() => {});
      };
    } finally {
      if (--this.#registering === 0) this.#early.length = 0;
    }
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#client.onMessage(qemuProgram, qemuMessages.domainQemuMonitorEvent, ({ callbackID, ...event }) => {
      const listener = this.#listeners.get(callbackID);
      if (listener !== undefined) listener(event);
      else if (this.#registering > 0) this.#early.push({ callbackID, event });
    });
  }
}
