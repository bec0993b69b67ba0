import type { Identity } from "@polyvisor/core";

/** One client as its server knows it. */
export interface ManagedClient {
  readonly id: number;
  /** When it came, in milliseconds since 1970. */
  readonly since: number;
  /** One of `CLIENT_TRANSPORT`. */
  readonly transport: number;
  readonly readOnly: boolean;
  readonly identity: Identity;
  /** The peer's address, of a client that came over the network. */
  readonly address?: string | undefined;
  /** Ends its connection at once. */
  disconnect(): void;
}

/** How much a server does just now. */
export interface Workload {
  /** Slow calls that run. */
  readonly slow: number;
  /** Calls of high priority that run. */
  readonly high: number;
  readonly waiting: number;
  /** Slow calls that may run at a time, of all clients together. */
  readonly most: number;
}

export interface ClientLimits {
  readonly maxClients: number;
  /** Of clients that have not proved who they are. */
  readonly maxAnonymousClients: number;
}

/** A set of listeners with the clients that came by them. */
export interface ManagedServer {
  readonly name: string;
  readonly clients: Iterable<ManagedClient>;
  readonly anonymousClients: number;
  readonly workload: Workload;
  readonly limits: ClientLimits;
  setLimits(limits: ClientLimits): void;
  /** Sets how many slow calls of all clients may run at a time. `undefined` where that is fixed. */
  readonly setMostCalls: ((most: number) => void) | undefined;
  /** Reads the certificates again. `undefined` where nothing listens with TLS. */
  readonly updateTls: (() => Promise<void>) | undefined;
}
