import {
  type Applicability,
  type CallContext,
  HOST_INFO,
  HOST_SERVICES,
  type HostInfo,
  type HostServices,
  type HypervisorConnection,
  type HypervisorDriver,
  LOG,
  type Log,
  type MaybePromise,
  PLUGIN_CONFIG,
  type Uri,
  VirtError,
} from "@polyvisor/core";
import { inject, injectable } from "tsyringe";
import type { BhyveHost } from "./host/host.js";

/** The operator's settings. */
export interface BhyveConfig {
  readonly firmware_dir: string;
}

const FREEBSD_ONLY = "bhyve needs FreeBSD";

/** Guests of FreeBSD's bhyve on this host. */
@injectable()
export class BhyveDriver implements HypervisorDriver {
  readonly #parts: { info: HostInfo; log: Log; services: HostServices | undefined; config: BhyveConfig };
  #driver: HypervisorDriver | undefined;

  constructor(
    @inject(HOST_INFO as symbol) info: HostInfo,
    @inject(LOG as symbol) log: Log,
    @inject(HOST_SERVICES as symbol, { isOptional: true }) services: HostServices | undefined,
    @inject(PLUGIN_CONFIG as symbol) config: BhyveConfig,
  ) {
    this.#parts = { info, log, services, config };
  }

  async probe(): Promise<Applicability> {
    if (process.platform !== "freebsd") return { usable: false, reason: FREEBSD_ONLY };
    if (this.#parts.info.mode !== "system") return { usable: false, reason: "bhyve needs a daemon of root" };
    const { probeFreeBsd } = await import("./freebsd/probe.js");
    return probeFreeBsd();
  }

  /** Most of the driver's code is loaded here. */
  async start(): Promise<void> {
    const host = await this.openHost(this.#parts.info);
    const { makeDriver } = await import("./service.js");
    const driver = await makeDriver({ ...this.#parts, host });
    await driver.start();
    this.#driver = driver;
  }

  open(uri: Uri, context: CallContext): MaybePromise<HypervisorConnection> {
    if (this.#driver === undefined)
      throw new VirtError("INTERNAL_ERROR", "bhyve state driver is not active", { domain: "BHYVE" });
    return this.#driver.open(uri, context);
  }

  /** Guests run on. */
  async close(): Promise<void> {
    await this.#driver?.close?.();
  }

  /** What guests run on. */
  protected async openHost(_info: HostInfo): Promise<BhyveHost> {
    if (process.platform !== "freebsd") throw new VirtError("NO_CONNECT", FREEBSD_ONLY, { domain: "BHYVE" });
    const { FreeBsd } = await import("./freebsd/index.js");
    return FreeBsd.open();
  }
}
