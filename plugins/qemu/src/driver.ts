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
  PLUGIN_CONFIG,
  type Uri,
} from "@polyvisor/core";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { makeFolders } from "@polyvisor/sdk/store";
import { inject, injectable } from "tsyringe";
import { findEmulator } from "./capabilities/find.js";
import type { QemuConfig } from "./confine/index.js";
import { qemuError, systemError } from "./errors.js";
import type { Service } from "./service.js";
import { makePassage } from "./state/folders.js";
import { Layout } from "./state/layout.js";
import { scanDefinitions } from "./state/scan.js";

/** QEMU and KVM guests of this host. */
@injectable()
export class QemuDriver implements HypervisorDriver {
  readonly #info: HostInfo;
  readonly #log: Log;
  readonly #services: HostServices | undefined;
  readonly #config: Partial<QemuConfig>;
  #service: Service | undefined;

  constructor(
    @inject(HOST_INFO as symbol) info: HostInfo,
    @inject(LOG as symbol) log: Log,
    @inject(HOST_SERVICES as symbol, { isOptional: true }) services: HostServices | undefined,
    @inject(PLUGIN_CONFIG as symbol, { isOptional: true }) config: Partial<QemuConfig> | undefined,
  ) {
    this.#info = info;
    this.#log = log;
    this.#services = services;
    this.#config = config ?? {};
  }

  /** Definitions can be kept without an emulator, so its absence only shows; starting a guest will name it. */
  async probe(): Promise<Applicability> {
    const emulator = await findEmulator(hostArch());
    return { usable: true, detail: emulator ?? `no emulator for ${hostArch()} is installed` };
  }

  /** Most of the driver's code is loaded here, while a thread looks through the definitions. */
  async start(): Promise<void> {
    const layout = new Layout(this.#info.paths);
    // The passage comes first: the others may share folders above it, and are for nobody else.
    for (const folder of [layout.lib, ...layout.folders]) {
      await (folder === layout.lib ? makePassage(folder) : makeFolders(folder, 0o700)).catch((error: unknown) => {
        throw systemError(`Failed to create folder ${folder}`, error);
      });
    }
    const scan = scanDefinitions(layout.config);
    // A folder that cannot be read is told of by whoever waits for the scan.
    scan.catch(() => {});
    const { Service } = await import("./service.js");
    this.#service = new Service(this.#info, this.#log, this.#services, this.#config);
    await this.#service.start(scan);
  }

  open(uri: Uri, _context: CallContext): HypervisorConnection {
    if (this.#service === undefined) throw qemuError("INTERNAL_ERROR", "the driver has not been started");
    return this.#service.open(uri);
  }

  warmUp(): Iterable<unknown> {
    return this.#service?.warmUp() ?? [];
  }

  /** Guests run on. */
  close(): void {
    this.#service?.close();
  }
}
