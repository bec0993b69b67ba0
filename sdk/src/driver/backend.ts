import type { Duplex } from "node:stream";
import type { Applicability, Descriptor, HypervisorHandlers, MaybePromise } from "@polyvisor/core";
import type { Domain as Config, DomainHooks } from "../conf/domain/index.js";
import type { GuestHypervisor } from "./hypervisor.js";

/**
 * How a guest came to its end, where nobody here ended it: it shut down, it went without a word, or it ended to be started
 * anew, which is then done.
 */
export type GuestEnd = "shutdown" | "crash" | "reboot";

/** One running guest, as its backend knows it. */
export interface Guest {
  /** What finds it again after the daemon was restarted: plain data, kept as JSON beside the guest's status. */
  readonly token: unknown;
  /** The id of its domain, where the backend has one of its own, such as a pid; else the domains are counted. */
  readonly id?: number;
  /** What it runs with, where that is more than it was started with: names of terminals and of devices of the host. */
  readonly config?: Config;
  /** Resolves once it is gone, whoever ended it. */
  readonly ended: Promise<GuestEnd>;
  /** Ends it at once; resolves once it is gone. Called again for one that is gone already, it does nothing. */
  destroy(): MaybePromise<void>;
  /** Calls back whenever the guest has booted anew without having ended, and its `token` may be another one. */
  watchReboots?(rebooted: () => void): void;
}

/** How a guest is to be started. */
export interface StartOptions {
  /** It is to wait for `resume`; asked for only of a backend that has `suspend`. */
  readonly paused: boolean;
  /** What the client hands to the guest, for a backend with `takesFiles`; whoever asks closes them afterwards. */
  readonly files: readonly Descriptor[];
}

/**
 * What the author of a driver says of a hypervisor: how a guest is started, found again and ended. `GuestDriver` makes a
 * driver of it. Each method runs as the domain's job, so none of one domain overlaps another; what is left out is answered
 * with `NO_SUPPORT`. A rejection goes to the client: throw a `VirtError` for what it should know.
 */
export interface GuestBackend<G extends Guest = Guest> {
  /** The scheme of its URIs, and the name of its folders: `lamp` for `lamp:///system`. */
  readonly scheme: string;
  /** What `virsh version` calls the hypervisor. */
  readonly type: string;
  /** Of the hypervisor: major * 1 000 000 + minor * 1000 + release. */
  readonly version?: number;
  /** What is assumed of documents, and which of them are refused. */
  readonly documents?: Partial<DomainHooks>;
  /** Asked once, at the daemon's start: whether this host has anything to drive. Must be quick and change nothing. */
  probe?(): MaybePromise<Applicability>;
  /** Resolves when the guest runs. Where it rejects, nothing of the guest is left. */
  start(config: Config, options: StartOptions): MaybePromise<G>;
  /**
   * Called at the daemon's start for each guest that ran when the last one ended; how it ended, where that is known, or
   * `undefined` where it is gone. Nothing is left of one that is gone.
   */
  find?(config: Config, token: unknown): MaybePromise<G | GuestEnd | undefined>;
  /**
   * Called at the daemon's start, when all guests have been looked for: what an earlier daemon left of starts that it did not
   * live to finish is removed now. `names` are the domains whose guests run.
   */
  sweep?(names: ReadonlySet<string>): MaybePromise<void>;
  /** Asks the guest to shut down: its end is told by `ended`, in its own time. */
  shutdown?(guest: G, flags: number): MaybePromise<void>;
  /** The flags of `SHUTDOWN_FLAG` and `REBOOT_FLAG` (their numbers are the same) that `shutdown` and `reboot` understand. */
  readonly powerFlags?: number;
  /** Asks the guest to boot anew. */
  reboot?(guest: G, flags: number): MaybePromise<void>;
  suspend?(guest: G): MaybePromise<void>;
  resume?(guest: G): MaybePromise<void>;
  reset?(guest: G): MaybePromise<void>;
  /** The guest's console, for one client at a time; `null` asks for the first. Fails with `INVALID_ARG` for one that is not there. */
  console?(guest: G, device: string | null): MaybePromise<Duplex>;
  /** What its processors have worked so far, in nanoseconds. */
  cpuTime?(guest: G): MaybePromise<bigint>;
  /** Whether guests can be started paused, where that is not what having `suspend` says. */
  readonly startsPaused?: boolean;
  /** Guests can be given open files of a client's. */
  readonly takesFiles?: boolean;
  /** Calls beyond those that `GuestDriver` makes of the methods above, or in their place. */
  handlers?(hypervisor: GuestHypervisor<G>): HypervisorHandlers;
  /** Called once, when the daemon ends. Guests stay as they are. */
  close?(): void;
}
