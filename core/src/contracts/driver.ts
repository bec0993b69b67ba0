import type { HandlersOf } from "../api/define.js";
import type { DomainEvent, DomainEventKind } from "../api/events.js";
import type { ObjectEvent, ObjectEventKind } from "../api/object-events.js";
import type { HypervisorApi } from "../api/programs.js";
import type { MonitorEvent } from "../api/qemu.js";
import type { Domain } from "../api/types.js";
import type { VirtError } from "../errors/index.js";
import type { Uri } from "../uri.js";
import type { CallContext, MaybePromise } from "./context.js";

/** Whether a plugin has anything to drive on this host. Not having it is no fault of the plugin. */
export type Applicability =
  | { readonly usable: true; readonly detail: string }
  | { readonly usable: false; readonly reason: string };

/** What may tell whether this host has anything for it: any driver, and a provider of handlers that depends on the host. */
export interface Probed {
  /** Called by `polyvisord --plugins` and at the daemon's start. Must be quick and change nothing. */
  probe?(): MaybePromise<Applicability>;
}

/** What a plugin drives: one per plugin, contract and host, made when a URI, a call or a setting first needs it. */
export interface Driver<Connection> extends Probed {
  /**
   * Called once, before the first `open`: finds what ran before and starts what should run by itself.
   * A rejection makes every `open` fail with that error.
   */
  start?(): MaybePromise<void>;
  /** Called for each client that opens a URI of the plugin's. A URI that names nothing here fails with `INVALID_ARG` or `NO_CONNECT`. */
  open(uri: Uri, context: CallContext): MaybePromise<Connection>;
  /**
   * Called once by a daemon, after the first connection: steps of a millisecond at most that do, on things of their own, what
   * calls will do, so that the code is compiled by then. They are taken in idle moments, or never; none may throw.
   */
  warmUp?(): Iterable<unknown>;
  /** Called once, when the host closes. Guests stay as they are. */
  close?(): MaybePromise<void>;
}

/** Contract `hypervisor.v1`. */
export interface HypervisorDriver extends Driver<HypervisorConnection> {}

/** What a driver may implement: any subset of the API table. */
export interface HypervisorHandlers extends HandlersOf<HypervisorApi> {}

/** One client's connection to a driver: handlers by the names of the API table, and three things that every connection has. */
export interface HypervisorConnection extends HypervisorHandlers {
  /** The canonical URI, such as `qemu:///system`. */
  readonly uri: string;
  /**
   * The object behind a reference, with its present name and id. Called before every call that names a domain, so that
   * permissions are checked on the object and not on what the client says of it. Throws `NO_DOMAIN`.
   */
  resolveDomain(reference: Domain): MaybePromise<Domain>;
  /** Where the connection's events come from; a driver without events leaves it out. */
  readonly events?: DomainEventSource;
  /** Where events about networks, storage pools, node devices and secrets come from. */
  readonly objectEvents?: ObjectEventSource;
  /**
   * What the connection drives is on another machine: calls that the driver lacks on networks, storage and the like stay
   * unsupported. Else this host's sub-drivers answer them (`network.v1` and so on).
   */
  readonly isElsewhere?: boolean;
  /** Where the hypervisor's own monitors are heard, as they speak; only QEMU's driver has it. */
  readonly monitorEvents?: MonitorEventSource;
  /**
   * Resolves, with the reason, when the driver's own connection to what it drives is lost: every further call fails and
   * no more events come. A driver that has no such connection leaves it out; `close` does not settle it.
   */
  readonly lost?: Promise<VirtError>;
  /** Called once, when the client closes or is gone. */
  close(): MaybePromise<void>;
}

/** Stops a subscription. Calling it twice does no harm. */
export type Unsubscribe = () => MaybePromise<void>;

export interface DomainEventSource {
  /** Calls `listener` for each event of that kind, in the order of each domain's events; for one domain only where `dom` is given. */
  subscribe(
    kind: DomainEventKind,
    dom: Domain | undefined,
    listener: (event: DomainEvent) => void,
  ): MaybePromise<Unsubscribe>;
}

/** What a listener names the one object by that it wants to hear of: an object with a UUID by it, any other by its name. */
export type EventSubject = { readonly uuid: string } | { readonly name: string };

export interface ObjectEventSource {
  /** Calls `listener` for each event of that kind, in order; for one object only where `about` is given. */
  subscribe(
    kind: ObjectEventKind,
    about: EventSubject | undefined,
    listener: (event: ObjectEvent) => void,
  ): MaybePromise<Unsubscribe>;
}

/** Which events of a hypervisor's monitors are wanted. */
export interface MonitorEventFilter {
  /** Only this domain's. */
  readonly dom?: Domain;
  /** Only those of this name, which `flags` (`QEMU_MONITOR_EVENT_FLAG`) may make a regular expression. */
  readonly event?: string;
  readonly flags: number;
}

export interface MonitorEventSource {
  /**
   * Calls `listener` for each such event, in the order of each domain's. Fails with `INVALID_ARG` for flags that are not
   * known and for what is no regular expression.
   */
  subscribe(filter: MonitorEventFilter, listener: (event: MonitorEvent) => void): MaybePromise<Unsubscribe>;
}
