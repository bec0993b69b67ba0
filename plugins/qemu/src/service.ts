import type { HostInfo, HypervisorConnection, HypervisorHandlers, Log, Uri } from "@polyvisor/core";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { loadCpus } from "@polyvisor/sdk/cpu";
import { autostartDomains } from "./autostart.js";
import { openConnection, sharedHandlers } from "./connection.js";
import { Hypervisor } from "./hypervisor.js";
import { recoverDomains } from "./recovery.js";
import type { ScanResult } from "./state/scan.js";
import { canonicalUri } from "./uri.js";

/** How long after the first client what is known of processors is read: starts need it, and no client should wait for it. */
const UNTIL_PROCESSORS = 500;

/** The driver at work, from its start to the end of the daemon. */
export class Service {
  readonly #hypervisor: Hypervisor;
  #handlers: HypervisorHandlers | undefined;
  #hasClients = false;

  constructor(info: HostInfo, log: Log) {
    this.#hypervisor = new Hypervisor(info, log);
  }

  /** Finds what an earlier daemon left; `scan` looks for definitions. */
  async start(scan: Promise<ScanResult>): Promise<void> {
    await recoverDomains(this.#hypervisor, scan);
    void autostartDomains(this.#hypervisor);
  }

  open(uri: Uri): HypervisorConnection {
    if (!this.#hasClients) setTimeout(() => void loadCpus(hostArch()).catch(() => {}), UNTIL_PROCESSORS).unref();
    this.#hasClients = true;
    this.#handlers ??= sharedHandlers(this.#hypervisor);
    return openConnection(this.#hypervisor, this.#handlers, canonicalUri(uri, this.#hypervisor.info.mode));
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
