import { setTimeout as delay } from "node:timers/promises";
import type { HostInfo, HostServices, HypervisorConnection, Log, Uri } from "@polyvisor/core";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { autostartDomains } from "./autostart.js";
import type { QemuConfig } from "./confine/settings.js";
import { openConnection, type SharedHandlers, sharedHandlers } from "./connection.js";
import { Hypervisor } from "./hypervisor.js";
import { recoverDomains } from "./recover-domains.js";
import { Services } from "./services/services.js";
import type { ScanResult } from "./state/scan.js";
import { canonicalUri } from "./uri.js";

/** How long everybody else has a turn while the code of calls is loaded that may come, in milliseconds. */
const BETWEEN_TOPICS = 20;

/** The driver at work, from its start to the end of the daemon. */
export class Service {
  readonly #hypervisor: Hypervisor;
  readonly #shared: SharedHandlers;

  constructor(info: HostInfo, log: Log, services: HostServices | undefined, config: Partial<QemuConfig>) {
    this.#hypervisor = new Hypervisor(info, log, new Services(services), config);
    this.#shared = sharedHandlers(this.#hypervisor);
  }

  /** Finds what an earlier daemon left; `scan` looks for definitions. */
  async start(scan: Promise<ScanResult>): Promise<void> {
    await recoverDomains(this.#hypervisor, scan);
    void autostartDomains(this.#hypervisor);
  }

  open(uri: Uri): HypervisorConnection {
    return openConnection(this.#hypervisor, this.#shared.handlers, canonicalUri(uri, this.#hypervisor.info.mode));
  }

  /** The code that calls need, and what is known of processors (a thread reads it): no client should wait for them. */
  *warmUp(): Generator<void> {
    // A call that needs what cannot be loaded fails, and tells why.
    void this.#load().catch(() => {});
    yield;
  }

  async #load(): Promise<void> {
    for await (const _ of this.#shared.load()) {
      if (this.#hypervisor.isClosed) return;
      await delay(BETWEEN_TOPICS, undefined, { ref: false });
    }
    const { loadCpus } = await import("@polyvisor/sdk/cpu");
    await loadCpus(hostArch());
    // Which security drivers this host can use is found out when they are first asked for: not by the first start.
    await this.#hypervisor.services.security();
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
