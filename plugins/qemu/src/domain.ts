import { DomainRef } from "@polyvisor/core";
import { DomainJobs } from "@polyvisor/sdk/jobs";
import { type DomainStatus, notRunning, shutoff } from "@polyvisor/sdk/lifecycle";
import type { Guest } from "./guest.js";

/** A domain of the driver: a definition, a running guest, or both. Never neither, but while it is removed. */
export class QemuDomain {
  ref: DomainRef;
  status: DomainStatus = shutoff("UNKNOWN");
  /** It has a definition on disk. */
  persistent: boolean;
  autostart = false;
  guest: Guest | undefined;
  #jobs: DomainJobs | undefined;

  constructor(name: string, uuid: string, persistent: boolean) {
    this.ref = new DomainRef(name, uuid, -1);
    this.persistent = persistent;
  }

  get name(): string {
    return this.ref.name;
  }

  get uuid(): string {
    return this.ref.uuid;
  }

  get isActive(): boolean {
    return this.guest !== undefined;
  }

  /** Made when first needed: most of ten thousand domains never have a job. */
  get jobs(): DomainJobs {
    this.#jobs ??= new DomainJobs();
    return this.#jobs;
  }

  get knownJobs(): DomainJobs | undefined {
    return this.#jobs;
  }

  /** The running guest. Fails with `OPERATION_INVALID`, also where it has ended and only waits to be cleaned up after. */
  active(): Guest {
    if (this.guest === undefined || this.guest.process?.hasEnded === true) throw notRunning();
    return this.guest;
  }

  /** The id changes with each run; clients see it in the reference. The caller tells the registry. */
  setId(id: number): void {
    this.ref = new DomainRef(this.name, this.uuid, id);
  }
}
