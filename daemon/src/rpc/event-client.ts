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
