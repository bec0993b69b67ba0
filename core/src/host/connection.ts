import type { Call, Takes } from "../api/define.js";
import type { DomainEvent, DomainEventKind } from "../api/events.js";
import { DOMAIN_EVENT_KINDS } from "../api/events.js";
import { OBJECT_EVENT_KINDS, type ObjectEvent, type ObjectEventKind } from "../api/object-events.js";
import type { DomainJob } from "../api/polyvisor.js";
import { type HypervisorCallName, type HypervisorClient, hypervisorApi, LIB_VERSION } from "../api/programs.js";
import type { MonitorEvent } from "../api/qemu.js";
import { type CallContext, type HypervisorConnection, type MonitorEventFilter, whileOpen } from "../contracts/index.js";
import { VirtError } from "../errors/index.js";
import { declaredCalls } from "./declared.js";
import { DomainHandle } from "./domain.js";
import { EventQueue } from "./event-queue.js";
import { checkReadOnly, handlerOf, notSupported } from "./invoke.js";

/** The call by which a client asks a daemon for such events. */
const MONITOR_EVENTS = "connectDomainQemuMonitorEventRegister";

/** An open URI: every call of the API under `api`, and objects for what is used most. */
export class Connection implements AsyncDisposable {
  /** Every call of the API table by its name. A call that the driver lacks fails with `NO_SUPPORT`. */
  readonly api: HypervisorClient;
  readonly uri: string;
  /** Resolves with the reason once what the connection drives is out of reach for good; absent where that cannot be. */
  readonly lost: Promise<VirtError> | undefined;
  readonly #driver: HypervisorConnection;
  readonly #readOnly: boolean;

  constructor(driver: HypervisorConnection, context: CallContext) {
    this.#driver = driver;
    this.#readOnly = context.readOnly;
    this.uri = driver.uri;
    this.lost = driver.lost;
    this.api = clientOf(driver, context);
  }

  /** All domains, or those that the flags (`LIST_DOMAINS_FLAG`) select. */
  async domains(flags = 0): Promise<DomainHandle[]> {
    return (await this.api.connectListAllDomains({ flags })).map((dom) => new DomainHandle(this.api, dom));
  }

  /** A domain by name or UUID. Fails with `NO_DOMAIN`. */
  async domain(nameOrUuid: string): Promise<DomainHandle> {
    const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(nameOrUuid);
    const found = isUuid
      ? this.api.domainLookupByUUID({ uuid: nameOrUuid })
      : this.api.domainLookupByName({ name: nameOrUuid });
    return new DomainHandle(this.api, await found);
  }

  /** Every job of every domain, the oldest first: who holds a domain, and who waits for it. */
  async jobs(): Promise<readonly DomainJob[]> {
    return this.api.connectListAllDomainJobs({ flags: 0 });
  }

  /** Defines a persistent domain, or changes the definition of the one with that name and UUID. */
  async define(xml: string, flags = 0): Promise<DomainHandle> {
    return new DomainHandle(this.api, await this.api.domainDefineXMLFlags({ xml, flags }));
  }

  /** Starts a domain that is gone once it stops. */
  async createXML(xmlDesc: string, flags = 0): Promise<DomainHandle> {
    return new DomainHandle(this.api, await this.api.domainCreateXML({ xmlDesc, flags }));
  }

  /**
   * Events as they happen, until the signal fires or the loop ends; the loop fails where the connection is lost. The
   * subscription stands when the promise resolves, so that nothing is missed between it and the first turn of the loop.
   */
  async events(
    options: { kinds?: readonly DomainEventKind[]; signal?: AbortSignal } = {},
  ): Promise<AsyncIterableIterator<DomainEvent>> {
    const source = this.#driver.events;
    if (source === undefined) throw new VirtError("NO_SUPPORT", "virConnectDomainEventRegisterAny");
    const queue = new EventQueue<DomainEvent>(options.signal);
    void this.lost?.then((reason) => queue.fail(reason));
    for (const kind of options.kinds ?? DOMAIN_EVENT_KINDS) {
      queue.onEnd(await source.subscribe(kind, undefined, (event) => queue.push(event)));
    }
    return queue;
  }

  /** Events about networks, storage pools, node devices and secrets; else as `events`. */
  async objectEvents(
    options: { kinds?: readonly ObjectEventKind[]; signal?: AbortSignal } = {},
  ): Promise<AsyncIterableIterator<ObjectEvent>> {
    const source = this.#driver.objectEvents;
    if (source === undefined) throw notSupported("connectNetworkEventRegisterAny");
    const queue = new EventQueue<ObjectEvent>(options.signal);
    void this.lost?.then((reason) => queue.fail(reason));
    for (const kind of options.kinds ?? OBJECT_EVENT_KINDS) {
      queue.onEnd(await source.subscribe(kind, undefined, (event) => queue.push(event)));
    }
    return queue;
  }

  /** What the hypervisor's monitors say, as they say it; else as `events`. Only QEMU's driver has such events. */
  async monitorEvents(
    options: Partial<MonitorEventFilter> & { readonly signal?: AbortSignal } = {},
  ): Promise<AsyncIterableIterator<MonitorEvent>> {
    const { signal, ...filter } = options;
    if (this.#readOnly) checkReadOnly(MONITOR_EVENTS, hypervisorApi[MONITOR_EVENTS], {});
    const source = this.#driver.monitorEvents;
    if (source === undefined) throw notSupported(MONITOR_EVENTS);
    const queue = new EventQueue<MonitorEvent>(signal);
    void this.lost?.then((reason) => queue.fail(reason));
    queue.onEnd(await source.subscribe({ flags: 0, ...filter }, (event) => queue.push(event)));
    return queue;
  }

  async close(): Promise<void> {
    await this.#driver.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What the session answers in the daemon, answered here for a program that embeds the driver. */
function sessionAnswer(driver: HypervisorConnection, name: HypervisorCallName): unknown {
  if (name === "connectGetURI") return driver.uri;
  if (name === "connectGetLibVersion") return BigInt(LIB_VERSION);
  if (name === "connectIsSecure") return true;
  if (name === "connectListDriverCalls") return declaredCalls(driver);
  throw notSupported(name);
}

function clientOf(driver: HypervisorConnection, context: CallContext): HypervisorClient {
  const client: Record<string, (args: unknown, more?: Partial<CallContext>) => Promise<unknown>> = {};
  for (const [name, call] of Object.entries(hypervisorApi) as [HypervisorCallName, Call][]) {
    const invoke = async (args: unknown, more?: Partial<CallContext>) => {
      const handler = handlerOf(driver, name);
      if (handler === undefined) {
        if (call.by === "session") return sessionAnswer(driver, name);
        throw notSupported(name);
      }
      if (context.readOnly) checkReadOnly(name, call, args as Record<string, unknown>);
      return handler(args, more === undefined ? context : { ...context, ...more });
    };
    client[name] =
      call.descriptors !== "taken"
        ? invoke
        : async (args, more) => {
            const { descriptors = [] } = args as Partial<Takes>;
            return whileOpen(descriptors, () => invoke({ ...(args as object), descriptors }, more));
          };
  }
  return client as unknown as HypervisorClient;
}
