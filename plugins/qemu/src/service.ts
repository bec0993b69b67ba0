import type { HostInfo, HypervisorConnection, Log, Uri } from "@polyvisor/core";
import { autostartDomains } from "./autostart.js";
import { openConnection } from "./connection.js";
import { Hypervisor } from "./hypervisor.js";
import { recoverDomains } from "./recovery.js";
import type { ScanResult } from "./state/scan.js";
import { canonicalUri } from "./uri.js";

/** The driver at work, from its start to the end of the daemon. */
export class Service {
  readonly #hypervisor: Hypervisor;

  constructor(info: HostInfo, log: Log) {
    this.#hypervisor = new Hypervisor(info, log);
  }

  /** Finds what an earlier daemon left; `scan` looks for definitions. */
  async start(scan: Promise<ScanResult>): Promise<void> {
    await recoverDomains(this.#hypervisor, scan);
    void autostartDomains(this.#hypervisor);
  }

  open(uri: Uri): HypervisorConnection {
    return openConnection(this.#hypervisor, canonicalUri(uri, this.#hypervisor.info.mode));
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
