import {
  type Applicability,
  type Domain,
  type HostInfo,
  type HypervisorConnection,
  type HypervisorDriver,
  type HypervisorHandlers,
  type Log,
  type MaybePromise,
  type Uri,
  VirtError,
} from "@polyvisor/core";
import { jobHandlers } from "../jobs/index.js";
import type { Guest, GuestBackend } from "./backend.js";
import { changeHandlers, ownedHandlers } from "./changes.js";
import type { Owner } from "./domain.js";
import { FileKeeper } from "./files.js";
import { GuestHypervisor } from "./hypervisor.js";
import type { Keeper } from "./keeper.js";
import { metadataHandlers } from "./metadata.js";
import { viewHandlers } from "./views.js";

/** What a host injects into the driver. */
export interface DriverParts {
  readonly info: HostInfo;
  readonly log: Log;
  /** Where definitions and guests are kept; by default in files, in libvirt's layout. */
  readonly keeper?: Keeper;
}

/**
 * A whole driver of `hypervisor.v1`, made of what a backend knows about guests: domains and their definitions, jobs, states,
 * events, files, and finding guests again. An author's driver extends it and passes the backend.
 */
export class GuestDriver<G extends Guest = Guest> implements HypervisorDriver {
  readonly #backend: GuestBackend<G>;
  readonly #mode: HostInfo["mode"];
  readonly #hypervisor: GuestHypervisor<G>;
  readonly #handlers: HypervisorHandlers;

  constructor(backend: GuestBackend<G>, { info, log, keeper }: DriverParts) {
    this.#backend = backend;
    this.#mode = info.mode;
    this.#hypervisor = new GuestHypervisor(backend, keeper ?? new FileKeeper(info.paths, backend.scheme, log), log);
    const { domains } = this.#hypervisor;
    this.#handlers = {
      ...viewHandlers(this.#hypervisor),
      ...changeHandlers(this.#hypervisor),
      ...jobHandlers(domains),
      ...metadataHandlers(this.#hypervisor),
      ...backend.handlers?.(this.#hypervisor),
    };
  }

  probe(): MaybePromise<Applicability> {
    return this.#backend.probe?.() ?? { usable: true, detail: this.#backend.type };
  }

  start(): Promise<void> {
    return this.#hypervisor.recover();
  }

  close(): void {
    this.#backend.close?.();
  }

  open({ path }: Uri): HypervisorConnection {
    const { scheme } = this.#backend;
    const uri = `${scheme}:///${this.#mode}`;
    if (path !== `/${this.#mode}`)
      throw new VirtError("INVALID_ARG", `unexpected ${scheme} URI path '${path}', try ${uri}`, { hint: uri });
    const hypervisor = this.#hypervisor;
    const owner: Owner = { isGone: false };
    // All of it is its own: whoever extends the driver may spread it.
    return {
      ...this.#handlers,
      ...ownedHandlers(hypervisor, owner),
      uri,
      resolveDomain: (reference: Domain) => hypervisor.domains.find(reference).ref,
      events: hypervisor.events,
      close: () => hypervisor.endOwned(owner),
    };
  }
}
