import {
  type ByteStream,
  type CallContext,
  type Descriptor,
  type Domain,
  type DomainEvent,
  type DomainEventKind,
  DomainRef,
  formatUri,
  type Host,
  type HypervisorConnection,
  LIMITS,
  type MaybePromise,
  rootPaths,
  silentLog,
  type Unsubscribe,
  type Uri,
  VirtError,
} from "@polyvisor/core";
import { DomainEventHub, MonitorEventHub, ObjectEventHub } from "@polyvisor/sdk/events";

export const TEST_DOMAIN = new DomainRef("test", "6695eb01-f6a4-8304-79aa-97f2502e193f", 1);
export const OTHER_DOMAIN = new DomainRef("other", "00000000-f6a4-8304-79aa-97f2502e1940", 2);

export const TEST_POOL = { name: "pool", uuid: "6695eb01-f6a4-8304-79aa-97f2502e1941" };
export const TEST_VOLUME = { pool: "pool", name: "volume", key: "/pool/volume" };

/** A hypervisor of two domains that a test holds in its hand: it decides when slow calls end and what streams say. */
export class TinyHypervisor {
  readonly events = new DomainEventHub(silentLog);
  readonly objectEvents = new ObjectEventHub(silentLog);
  readonly monitorEvents = new MonitorEventHub(silentLog);
  /** Slow calls that run: `domainCreate` ends when a test settles it. */
  readonly slow: { readonly context: CallContext; settle(error?: VirtError): void }[] = [];
  /** Called by a test: the hypervisor is gone. */
  lose: (reason: VirtError) => void = () => {};
  readonly lost = new Promise<VirtError>((resolve) => {
    this.lose = resolve;
  });
  /** Calls of `close` by connections. */
  closed = 0;
  /** URIs that were opened. */
  readonly opened: Uri[] = [];
  /** Connections take what a client says of a domain for what it is, as the client of another daemon does. */
  believing = false;
  /** Subscriptions that stand. */
  subscriptions = 0;
  /** What `domainOpenConsole` answers with. */
  console: (() => ByteStream) | undefined;
  /** What `domainScreenshot` answers with. */
  screenshot: (() => ByteStream) | undefined;
  /** What `storageVolDownload` and `storageVolUpload` answer with; `sparse` where the client wants holes. */
  volume: ((sparse: boolean) => ByteStream) | undefined;
  /** What `domainOpenGraphicsFD` answers with. */
  graphics: (() => Descriptor) | undefined;
  /** What `domainFDAssociate` does with what came with it. */
  associate: ((descriptors: readonly Descriptor[]) => MaybePromise<void>) | undefined;
  /** What `connectGetCapabilities` answers with. */
  capabilities = "<capabilities/>";

  /** The part of a host that a server of sessions uses. */
  host(): Host {
    const host: Pick<Host, "info" | "plugins" | "openDriver" | "close"> = {
      info: { mode: "system", paths: rootPaths("/nowhere") },
      plugins: () => [],
      openDriver: async (uri) => this.#open(uri),
      close: async () => {},
    };
    return host as Host;
  }

  #open(uri: Uri): HypervisorConnection {
    this.opened.push(uri);
    if (uri.scheme !== "test") throw new VirtError("NO_CONNECT", formatUri(uri));
    const connection: HypervisorConnection = {
      uri: "test:///default",
      resolveDomain: this.believing ? (reference) => reference : find,
      domainLookupByUUID: ({ uuid }) => find({ ...TEST_DOMAIN, uuid }),
      events: { subscribe: (kind, dom, listener) => this.#subscribe(kind, dom, listener) },
      objectEvents: this.objectEvents,
      monitorEvents: this.monitorEvents,
      lost: this.lost,
      close: () => void this.closed++,
      connectGetType: () => "TINY",
      connectGetCapabilities: () => this.capabilities,
      connectListAllDomains: () => [TEST_DOMAIN, OTHER_DOMAIN],
      domainLookupByName: ({ name }) => byName(name),
      domainGetState: () => ({ state: 1, reason: 1 }),
      domainGetXMLDesc: ({ dom }) => `<domain type='test'><name>${dom.name}</name></domain>`,
      domainCreate: (_args, context) => this.#slowly(context),
      domainSuspend: ({ dom }) => this.events.emit({ kind: "lifecycle", dom, event: 3, detail: 0 }),
      domainDestroy: async () => {},
      domainReset: () => {
        throw new TypeError("a bug of the driver");
      },
      domainOpenGraphicsFD: () => {
        if (this.graphics === undefined)
          throw new VirtError("INTERNAL_ERROR", "No graphics backend with index 0", { domain: "TEST" });
        return this.graphics();
      },
      domainFDAssociate: ({ descriptors }) => this.associate?.(descriptors),
      domainOpenConsole: () => this.#openConsole(),
      domainScreenshot: ({ screen }) => this.#takeScreenshot(screen),
      storagePoolLookupByName: () => TEST_POOL,
      storagePoolIsActive: () => true,
      storageVolLookupByName: () => TEST_VOLUME,
      storageVolDownload: ({ flags }) => this.#openVolume(flags),
      storageVolUpload: ({ flags }) => this.#openVolume(flags),
    };
    return connection;
  }

  #openConsole(): ByteStream {
    if (this.console === undefined) throw new VirtError("INTERNAL_ERROR", "cannot find character device <null>");
    return this.console();
  }

  #openVolume(flags: number): ByteStream {
    if (this.volume === undefined) throw new VirtError("NO_STORAGE_VOL", "no storage vol", { domain: "STORAGE" });
    return this.volume((flags & 1) !== 0);
  }

  /** Of a second screen the type is too long for a message. */
  #takeScreenshot(screen: number): { mime: string; stream: ByteStream } {
    if (this.screenshot === undefined) throw new VirtError("INTERNAL_ERROR", "no screen");
    return { mime: screen === 0 ? "image/png" : "x".repeat(LIMITS.string + 1), stream: this.screenshot() };
  }

  #slowly(context: CallContext): Promise<void> {
    return new Promise((resolve, reject) => {
      this.slow.push({ context, settle: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }

  #subscribe(kind: DomainEventKind, dom: Domain | undefined, listener: (event: DomainEvent) => void): Unsubscribe {
    const unsubscribe = this.events.subscribe(kind, dom, listener);
    this.subscriptions++;
    return () => {
      this.subscriptions--;
      return unsubscribe();
    };
  }
}

function find(reference: Domain): Domain {
  const found = [TEST_DOMAIN, OTHER_DOMAIN].find(({ uuid }) => uuid === reference.uuid);
  if (found === undefined)
    throw new VirtError("NO_DOMAIN", `no domain with matching uuid '${reference.uuid}' (${reference.name})`, {
      domain: "TEST",
    });
  return found;
}

function byName(name: string): Domain {
  const found = [TEST_DOMAIN, OTHER_DOMAIN].find((domain) => domain.name === name);
  if (found === undefined)
    throw new VirtError("NO_DOMAIN", `no domain with matching name '${name}'`, { domain: "TEST" });
  return found;
}
