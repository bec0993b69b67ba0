import type { HypervisorConnection } from "@polyvisor/core";
import type { Asker } from "../access/asker.js";
import type { EventGate } from "../access/event-gate.js";
import type { Outbox } from "./outbox.js";

/** What the event registrations of one client take from its session. */
export interface EventClient {
  readonly connection: HypervisorConnection;
  readonly outbox: Outbox;
  /** Who has to be asked before the client hears of an object; `undefined` where nobody has. */
  readonly asker: Asker | undefined;
  readonly gate: EventGate;
  /** Callback ids are the client's own, across all sorts of events. */
  nextCallbackId(): number;
}

/** Has a registration known while the driver thinks about it, and afterwards unless the driver refused it. */
export async function keepUnlessRefused<Registration>(
  registrations: Map<number, Registration>,
  id: number,
  registration: Registration,
  subscribed: Promise<unknown>,
): Promise<void> {
  registrations.set(id, registration);
  try {
    await subscribed;
  } catch (error) {
    registrations.delete(id);
    throw error;
  }
}
