import type { InjectionToken } from "tsyringe";
import type { Log } from "./context.js";

/** Where this installation keeps its files. Every path is absolute. */
export interface HostPaths {
  /** Configuration written by people and by us: `/etc/libvirt` in libvirt's layout. */
  readonly config: string;
  /** State that survives a reboot: `/var/lib/libvirt`. */
  readonly lib: string;
  /** State that does not: `/run/libvirt`. */
  readonly run: string;
  /** `/var/log/libvirt` */
  readonly log: string;
  /** `/var/cache/libvirt` */
  readonly cache: string;
}

/** What a plugin may know of the host that runs it. */
export interface HostInfo {
  /** Whether the host manages the whole machine (`system`) or what belongs to one user (`session`). */
  readonly mode: "system" | "session";
  readonly paths: HostPaths;
  /** The host's UUID where the operator says which; else it is the firmware's. */
  readonly uuid?: string;
  /**
   * The daemons that this host opens are its own, in processes that it watches over: they believe it who its clients are, and
   * its client of daemons tells them. Set by a host's maker alone.
   */
  readonly speaksForClients?: boolean;
}

/** Tokens of the services that a plugin may inject. `Symbol.for`, so that a plugin installed elsewhere finds the same ones. */
export const HOST_INFO: InjectionToken<HostInfo> = Symbol.for("polyvisor.HostInfo");
export const LOG: InjectionToken<Log> = Symbol.for("polyvisor.Log");

/**
 * What the operator has set for the plugin, by the schema of its manifest (`configuration`), which also says the defaults;
 * empty where the manifest has none. A plugin declares the type that its schema promises.
 */
export type PluginConfig = Readonly<Record<string, unknown>>;
export const PLUGIN_CONFIG: InjectionToken<PluginConfig> = Symbol.for("polyvisor.PluginConfig");
