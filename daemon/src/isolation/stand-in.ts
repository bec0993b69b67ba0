import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type Applicability,
  type CallContext,
  type Domain,
  type HypervisorConnection,
  type HypervisorDriver,
  hypervisorApi,
  type MaybePromise,
  type Uri,
  type VirtError,
} from "@polyvisor/core";
import { isOfConnection } from "./errors.js";

/** What a stand-in takes from the supervisor of its plugin. */
export interface Link {
  /** Whether domains are looked up before a call, as access checks in front of the driver need it. */
  readonly resolves: boolean;
  probe(): Promise<Applicability>;
  start(): Promise<void>;
  /** Opens a connection to the process that runs now; one that is being started is waited for. */
  open(uri: Uri, context: CallContext): Promise<{ readonly wire: HypervisorConnection; whyLost(): Promise<VirtError> }>;
  /** Does something for a client: not while the plugin is drained. */
  pass<T>(work: () => MaybePromise<T>): Promise<T>;
}

/** Stands in for the driver of an isolated plugin: opens a connection to its process for each client. */
export class StandInDriver implements HypervisorDriver {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  probe(): Promise<Applicability> {
    return this.#link.probe();
  }

  start(): Promise<void> {
    return this.#link.start();
  }

  async open(uri: Uri, context: CallContext): Promise<HypervisorConnection> {
    const { wire, whyLost } = await this.#link.open(uri, context);
    try {
      const declared = await declaredBy(wire, context);
      return standIn(wire, new Set(declared), { whyLost, context, link: this.#link });
    } catch (error) {
      await wire.close();
      throw error;
    }
  }
}

/** The process's session answers this for the driver. */
async function declaredBy(wire: HypervisorConnection, context: CallContext): Promise<string[]> {
  const { connectListDriverCalls } = wire as { connectListDriverCalls?: (args: object, of: CallContext) => unknown };
  return (await connectListDriverCalls?.({}, context)) as string[];
}

interface Terms {
  readonly link: Link;
  /** As which domains are looked up before calls. */
  readonly context: CallContext;
  /** Why the process is no longer there. Only once it has hung up. */
  whyLost(): Promise<VirtError>;
}

type Handler = (args: unknown, context: CallContext) => MaybePromise<unknown>;

/**
 * One client's connection to an isolated driver. It has what the driver's own has and nothing more, so that what the driver
 * lacks is looked for elsewhere.
 */
function standIn(wire: HypervisorConnection, declared: ReadonlySet<string>, terms: Terms): HypervisorConnection {
  const { link, context } = terms;
  const loss = new Loss(wire, terms.whyLost);
  const guarded =
    (handler: Handler): Handler =>
    async (args, of) => {
      try {
        return await link.pass(() => handler(args, of));
      } catch (error) {
        throw await loss.explain(error);
      }
    };
  const { domainLookupByUUID, events, objectEvents, monitorEvents } = wire;
  const lookup = guarded(domainLookupByUUID as Handler);
  return {
    ...Object.fromEntries(handlersOf(wire, declared).map(([name, handler]) => [name, guarded(handler)])),
    uri: wire.uri,
    // Without access checks here the process itself finds the domain, once.
    resolveDomain: link.resolves
      ? async ({ uuid }: Domain) => (await lookup({ uuid }, context)) as Domain
      : (reference: Domain) => reference,
    ...(events && declared.has("connectDomainEventCallbackRegisterAny") && { events }),
    ...(objectEvents && OBJECT_EVENTS.some((name) => declared.has(name)) && { objectEvents }),
    ...(monitorEvents && declared.has("connectDomainQemuMonitorEventRegister") && { monitorEvents }),
    lost: loss.lost,
    close: () => wire.close(),
  };
}

/** By which a driver declares that it has events about something else than domains. */
const OBJECT_EVENTS = [
  "connectNetworkEventRegisterAny",
  "connectStoragePoolEventRegisterAny",
  "connectNodeDeviceEventRegisterAny",
  "connectSecretEventRegisterAny",
];

function handlersOf(wire: HypervisorConnection, declared: ReadonlySet<string>): [string, Handler][] {
  const own = wire as unknown as Readonly<Record<string, Handler | undefined>>;
  return Object.entries<{ readonly by: string }>(hypervisorApi).flatMap(([name, { by }]) => {
    const handler = by === "driver" && declared.has(name) ? own[name] : undefined;
    return handler === undefined ? [] : [[name, handler.bind(wire)] as [string, Handler]];
  });
}

/** What becomes of a connection whose process is gone. */
class Loss {
  /** Resolves with the reason once the connection is of no more use. */
  readonly lost: Promise<VirtError>;
  #isLost = false;

  constructor(wire: HypervisorConnection, whyLost: () => Promise<VirtError>) {
    this.lost = new Promise((resolve) => {
      void wire.lost?.then((reason) => {
        this.#isLost = true;
        // A driver that has lost its own hypervisor still runs.
        resolve(isOfConnection(reason) ? whyLost() : reason);
      });
    });
  }

  /** What a failed call is told: where the connection is over, why. The call hears of its end before `lost` does. */
  async explain(error: unknown): Promise<unknown> {
    if (!isOfConnection(error)) return error;
    await nextTurn();
    return this.#isLost ? this.lost : error;
  }
}
