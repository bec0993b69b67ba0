import type { Duplex } from "node:stream";
import { DomainRef } from "@polyvisor/core";
import type { Domain as Config } from "../../conf/domain/index.js";
import { DomainJobs } from "../../jobs/index.js";
import { type DomainStatus, notRunning, shutoff } from "../../lifecycle/index.js";

/** One domain: its definition, what runs of it, and who may change it. */
export class ToyDomain {
  ref: DomainRef;
  status: DomainStatus = shutoff("UNKNOWN");
  autostart = false;
  /** Absent where the domain was only created. */
  defined: Config | undefined;
  /** What it runs with; absent while it is off. */
  live: Config | undefined;
  /** When it started, in nanoseconds of the process's clock. */
  since = 0n;
  /** Whoever talks to the guest now. */
  console: Duplex | undefined;
  readonly jobs: DomainJobs;

  constructor({ name, uuid }: { readonly name: string; readonly uuid: string }, waitMs: number) {
    this.ref = new DomainRef(name, uuid, -1);
    this.jobs = new DomainJobs({ waitMs });
  }

  get isActive(): boolean {
    return this.live !== undefined;
  }

  get persistent(): boolean {
    return this.defined !== undefined;
  }

  get knownJobs(): DomainJobs {
    return this.jobs;
  }

  /** The running guest's configuration, or that of the next start. */
  config(inactive = false): Config {
    const config = inactive ? (this.defined ?? this.live) : (this.live ?? this.defined);
    if (config === undefined) throw new Error("a domain has a configuration as long as it is there");
    return config;
  }

  expectActive(): void {
    if (!this.isActive) throw notRunning();
  }
}
