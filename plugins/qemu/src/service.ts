import type { HostInfo, HostServices, HypervisorConnection, HypervisorHandlers, Log, Uri } from "@polyvisor/core";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { loadCpus } from "@polyvisor/sdk/cpu";
import { autostartDomains } from "./autostart.js";
import type { QemuConfig } from "./confine/index.js";
import { openConnection, sharedHandlers } from "./connection.js";
import { Hypervisor } from "./hypervisor.js";
import { recoverDomains } from "./recovery.js";
import { Services } from "./services/index.js";
import type { ScanResult } from "./state/scan.js";
import { canonicalUri } from "./uri.js";

/** The driver at work, from its start to the end of the daemon. */
export class Service {
  readonly #hypervisor: Hypervisor;
  #handlers: HypervisorHandlers | undefined;

  constructor(info: HostInfo, log: Log, services: HostServices | undefined, config: Partial<QemuConfig>) {
    this.#hypervisor = new Hypervisor(info, log, new Services(services), config);
  }

  /** Finds what an earlier daemon left; `scan` looks for definitions. */
  async start(scan: Promise<ScanResult>): Promise<void> {
    await recoverDomains(this.#hypervisor, scan);
    void autostartDomains(this.#hypervisor);
  }

  open(uri: Uri): HypervisorConnection {
    this.#handlers ??= sharedHandlers(this.#hypervisor);
    return openConnection(this.#hypervisor, this.#handlers, canonicalUri(uri, this.#hypervisor.info.mode));
  }

  /** What is known of processors: starts need it, and no client should wait for it. A thread reads it. */
  *warmUp(): Generator<void> {
    void loadCpus(hostArch()).catch(() => {});
    yield;
  }

  /** Guests run on; only our ends of their monitors are closed. */
  close(): void {
    this.#hypervisor.isClosed = true;
    for (const { guest } of this.#hypervisor.domains) {
      if (guest === undefined) continue;
      guest.beingStopped = true;
      guest.monitor?.close();
      guest.process?.close();
    }
  }
}
