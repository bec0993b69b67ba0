import type { AccessPolicy, Uri } from "@polyvisor/core";
import type { KeepaliveSettings } from "./keepalive.js";
import type { CallMeter } from "./meter.js";
import type { Trace } from "./trace.js";

/** What may change while the server serves. */
export interface LiveSettings {
  /** For clients that come from now on. */
  readonly keepalive: KeepaliveSettings;
  /** Clients that are served at a time. */
  readonly maxClients: number;
  /** Clients over that number that may wait until one leaves; any more are turned away. */
  readonly maxQueuedClients: number;
  /** Clients that have not proved yet who they are. */
  readonly maxAnonymousClients: number;
  /** Seconds until a client has to have logged in where the door asks for it; any number without it, or with 0. */
  readonly loginTimeout?: number;
  /** Slow calls of one client that run at a time. */
  readonly maxClientRequests: number;
  /** Slow calls of all clients that run at a time; any number without it. */
  readonly maxWorkers?: number | undefined;
  /** What a client without a URI gets; by default the first hypervisor found. */
  readonly uriDefault?: string | undefined;
  /** Other daemons that clients may reach through this one, with the way to each. */
  readonly upstreams?: readonly Uri[];
}

export interface ServerSettings extends LiveSettings {
  /** Bytes of messages, incomplete or not taken yet, that the clients may make the daemon hold together. */
  readonly maxHeldBytes?: number;
  /** Counts calls and events where somebody wants to know. */
  readonly meter?: CallMeter;
  /** Whether every call leaves a line in the log. */
  readonly trace?: Trace;
  readonly policy?: AccessPolicy;
}
