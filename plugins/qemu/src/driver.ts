import { mkdir } from "node:fs/promises";
import {
  type Applicability,
  type CallContext,
  HOST_INFO,
  type HostInfo,
  type HypervisorConnection,
  type HypervisorDriver,
  LOG,
  type Log,
  type Uri,
} from "@polyvisor/core";
import { hostArch } from "@polyvisor/sdk/conf";
import { inject, injectable } from "tsyringe";
import { autostartDomains } from "./autostart.js";
import { findEmulator } from "./capabilities/index.js";
import { openConnection } from "./connection.js";
import { systemError } from "./errors.js";
import { Hypervisor } from "./hypervisor.js";
import { recoverDomains } from "./recovery.js";
import { canonicalUri } from "./uri.js";

/** QEMU and KVM guests of this host. */
@injectable()
export class QemuDriver implements HypervisorDriver {
  readonly #hypervisor: Hypervisor;

  constructor(@inject(HOST_INFO as symbol) info: HostInfo, @inject(LOG as symbol) log: Log) {
    this.#hypervisor = new Hypervisor(info, log);
  }

  /** Definitions can be kept without an emulator, so its absence only shows; starting a guest will name it. */
  async probe(): Promise<Applicability> {
    const emulator = await findEmulator(hostArch());
    return { usable: true, detail: emulator ?? `no emulator for ${hostArch()} is installed` };
  }

  async start(): Promise<void> {
    for (const folder of this.#hypervisor.layout.folders) {
      await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
        throw systemError(`Failed to create folder ${folder}`, error);
      });
    }
    await recoverDomains(this.#hypervisor);
    void autostartDomains(this.#hypervisor);
  }

  open(uri: Uri, _context: CallContext): HypervisorConnection {
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
