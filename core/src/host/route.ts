import { type EventObject, type ObjectEvent, type ObjectEventKind, objectEvents } from "../api/object-events.js";
import type { HypervisorCallName } from "../api/programs.js";
import type {
  CallContext,
  EventSubject,
  MaybePromise,
  ObjectEventSource,
  SubConnection,
  Unsubscribe,
} from "../contracts/index.js";
import { VirtError } from "../errors/index.js";
import { notSupported } from "./invoke.js";

type Handler = (args: unknown, context: CallContext) => MaybePromise<unknown>;

interface Subscription {
  readonly kind: ObjectEventKind;
  readonly about: EventSubject | undefined;
  readonly listener: (event: ObjectEvent) => void;
  unsubscribe: Unsubscribe | undefined;
}

/** The call by which clients ask for events about such objects: what is refused where there are none. */
export const REGISTRATIONS: Readonly<Record<EventObject, HypervisorCallName>> = {
  network: "connectNetworkEventRegisterAny",
  storagePool: "connectStoragePoolEventRegisterAny",
  nodeDevice: "connectNodeDeviceEventRegisterAny",
  secret: "connectSecretEventRegisterAny",
};

/**
 * One client's way to a sub-driver: a connection that is opened when it is first needed. Where that is lost (the driver's
 * process has ended) it is opened again for what comes next, and whoever listened goes on listening.
 */
export class Route implements ObjectEventSource {
  readonly #opener: (context: CallContext) => Promise<SubConnection>;
  readonly #context: CallContext;
  readonly #gone = new AbortController();
  readonly #subscriptions = new Set<Subscription>();
  #opening: Promise<SubConnection> | undefined;
  #connection: SubConnection | undefined;

  /** `context` says who the client is; what opens a connection is told by its signal when the client has left. */
  constructor(opener: (context: CallContext) => Promise<SubConnection>, context: CallContext) {
    this.#opener = opener;
    // A context may have getters, which no spread takes over.
    const { identity, readOnly, log } = context;
    this.#context = { identity, readOnly, log, signal: this.#gone.signal };
  }

  /** The connection while there is one. */
  get connection(): SubConnection | undefined {
    return this.#connection;
  }

  /** The handler of a call, which answers at once where the connection is open and the driver does. */
  handler(name: string): Handler {
    return (args, context = this.#context) => {
      if (this.#connection !== undefined) return call(this.#connection, name, args, context);
      return this.open().then((connection) => call(connection, name, args, context));
    };
  }

  open(): Promise<SubConnection> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async subscribe(
    kind: ObjectEventKind,
    about: EventSubject | undefined,
    listener: (event: ObjectEvent) => void,
  ): Promise<Unsubscribe> {
    const subscription: Subscription = { kind, about, listener, unsubscribe: undefined };
    await listen(await this.open(), subscription);
    this.#subscriptions.add(subscription);
    return async () => {
      this.#subscriptions.delete(subscription);
      await subscription.unsubscribe?.();
    };
  }

  /** The client has left. */
  async close(): Promise<void> {
    this.#gone.abort();
    this.#subscriptions.clear();
    const opened = await this.#opening?.catch(() => undefined);
    this.#connection = undefined;
    await opened?.close();
  }

  async #open(): Promise<SubConnection> {
    if (this.#gone.signal.aborted) throw new VirtError("OPERATION_INVALID", "the connection is closed");
    const connection = await this.#opener(this.#context);
    this.#connection = connection;
    void connection.lost?.then(() => this.#lose(connection));
    for (const subscription of this.#subscriptions)
      await listen(connection, subscription).catch((error: unknown) => this.#warn(error));
    return connection;
  }

  #lose(connection: SubConnection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#opening = undefined;
    void (async () => connection.close())().catch(() => {});
    if (this.#subscriptions.size > 0 && !this.#gone.signal.aborted) this.open().catch((error) => this.#warn(error));
  }

  #warn(error: unknown): void {
    this.#context.log.warn(
      { err: error },
      "a driver is out of reach: its events come again after a call that reaches it",
    );
  }
}

function call(connection: SubConnection, name: string, args: unknown, context: CallContext): MaybePromise<unknown> {
  const handler = (connection as unknown as Readonly<Record<string, Handler | undefined>>)[name];
  if (typeof handler !== "function") throw notSupported(name);
  return handler.call(connection, args, context);
}

async function listen(connection: SubConnection, subscription: Subscription): Promise<void> {
  const { kind, about, listener } = subscription;
  const source = connection.objectEvents;
  if (source === undefined) throw notSupported(registrationOf(kind));
  subscription.unsubscribe = await source.subscribe(kind, about, listener);
}

/** The call by which clients ask for such events. */
export function registrationOf(kind: ObjectEventKind): HypervisorCallName {
  return REGISTRATIONS[objectEvents[kind].about];
}
