import type { HypervisorConnection } from "@polyvisor/core";
import type { Outbox } from "./outbox.js";

/** What the event registrations of one client take from its session. */
export interface EventClient {
  readonly connection: HypervisorConnection;
  readonly outbox: Outbox;
  /** Callback ids are the client's own, across all sorts of events. */
  nextCallbackId(): number;
}
