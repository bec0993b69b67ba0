import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type Applicability,
  HOST_INFO,
  HOST_SERVICES,
  type HostInfo,
  type HostServices,
  type HypervisorConnection,
  type HypervisorDriver,
  LOG,
  type Log,
  PLUGIN_CONFIG,
  type Uri,
  VirtError,
} from "@polyvisor/core";
import type { GuestDriver } from "@polyvisor/sdk/driver";
import { inject, injectable } from "tsyringe";
import type { LiveContainer } from "./container/live.js";
import { findEngine } from "./engine/engine.js";
import type { LxcSettings } from "./service.js";

/** Linux containers of this host. */
@injectable()
export class LxcDriver implements HypervisorDriver {
  readonly #info: HostInfo;
  readonly #log: Log;
  readonly #services: HostServices | undefined;
  readonly #settings: LxcSettings;
  #service: Promise<GuestDriver<LiveContainer>> | undefined;

  constructor(
    @inject(HOST_INFO as symbol) info: HostInfo,
    @inject(LOG as symbol) log: Log,
    @inject(HOST_SERVICES as symbol, { isOptional: true }) services: HostServices | undefined,
    @inject(PLUGIN_CONFIG as symbol, { isOptional: true }) settings: LxcSettings | undefined,
  ) {
    this.#info = info;
    this.#log = log;
    this.#services = services;
    this.#settings = settings ?? {};
  }

  async probe(): Promise<Applicability> {
    if (process.platform !== "linux") return { usable: false, reason: "containers are Linux's" };
    if (this.#info.mode !== "system" || process.getuid?.() !== 0)
      return { usable: false, reason: "containers need a daemon of root" };
    const engine = await findEngine(this.#settings.engine);
    if (engine === undefined) return { usable: false, reason: "neither crun nor runc is installed" };
    const groups = await access("/sys/fs/cgroup").then(
      () => true,
      () => false,
    );
    return groups ? { usable: true, detail: engine.path } : { usable: false, reason: "there are no control groups" };
  }

  /** A host without containers loads nothing more until somebody opens the driver. */
  async start(): Promise<void> {
    const { config, run } = this.#info.paths;
    const found = await Promise.all([join(config, "lxc"), join(run, "lxc")].map(filesIn));
    if (found.some((files) => files.some((file) => file !== "autostart" && file !== "autostarted"))) await this.#load();
  }

  async open(uri: Uri): Promise<HypervisorConnection> {
    if (uri.path !== "" && uri.path !== "/" && uri.path !== "/system") {
      throw new VirtError("INTERNAL_ERROR", `Unexpected LXC URI path '${uri.path}', try lxc:///system`, {
        domain: "LXC",
        hint: "lxc:///system",
      });
    }
    return (await this.#load()).open({ ...uri, path: "/system" });
  }

  /** Containers run on. */
  async close(): Promise<void> {
    await this.#service?.then(
      (service) => service.close(),
      () => {},
    );
  }

  #load(): Promise<GuestDriver<LiveContainer>> {
    this.#service ??= this.#make().catch((error: unknown) => {
      this.#service = undefined;
      throw error;
    });
    return this.#service;
  }

  async #make(): Promise<GuestDriver<LiveContainer>> {
    const { makeService } = await import("./service.js");
    const service = await makeService(this.#info, this.#log, this.#services, this.#settings);
    await service.start();
    return service;
  }
}

function filesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
