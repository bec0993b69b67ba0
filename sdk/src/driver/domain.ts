import type { Duplex } from "node:stream";
import { DomainRef } from "@polyvisor/core";
import type { Domain as Config } from "../conf/domain/index.js";
import { DomainJobs } from "../jobs/index.js";
import { type DomainStatus, notRunning, shutoff } from "../lifecycle/index.js";
import type { Guest } from "./backend.js";

/** What runs of a domain, and what it runs with. */
export interface Run<G extends Guest> {
  readonly guest: G;
  readonly config: Config;
}

/** A connection with which guests go. */
export interface Owner {
  isGone: boolean;
}

/** One domain: its definition, what runs of it, and who may change it. */
export class GuestDomain<G extends Guest> {
  ref: DomainRef;
  status: DomainStatus = shutoff("UNKNOWN");
  autostart = false;
  /** Its next start brings back what was saved of it: for a backend that answers the calls about it itself. */
  hasManagedSave = false;
  /** Absent where the domain was only created. */
  defined: Config | undefined;
  /** Absent while it is off. */
  run: Run<G> | undefined;
  /** The connection with which the guest goes. */
  owner: Owner | undefined;
  /** Whoever talks to the guest now. */
  console: Duplex | undefined;
  readonly knownJobs = new DomainJobs();

  constructor({ name, uuid }: { readonly name: string; readonly uuid: string }) {
    this.ref = new DomainRef(name, uuid, -1);
  }

  get isActive(): boolean {
    return this.run !== undefined;
  }

  get persistent(): boolean {
    return this.defined !== undefined;
  }

  /** What the guest runs with, or what the next start will have. */
  config(inactive = false): Config {
    const config = inactive ? (this.defined ?? this.run?.config) : (this.run?.config ?? this.defined);
    if (config === undefined) throw new Error("a domain has a configuration as long as it is there");
    return config;
  }

  /** The guest that runs. Fails with `OPERATION_INVALID` where none does. */
  active(): G {
    if (this.run === undefined) throw notRunning();
    return this.run.guest;
  }
}
