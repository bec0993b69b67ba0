import {
  type ByteStream,
  type ConnectHandlers,
  type Domain,
  type DomainConfigHandlers,
  type DomainLifecycleHandlers,
  type HypervisorConnection,
  type HypervisorDriver,
  type PolyvisorHandlers,
  silentLog,
} from "@polyvisor/core";
import { changeHandlers, ownedHandlers } from "../../driver/changes.js";
import { GuestHypervisor } from "../../driver/hypervisor.js";
import type { Keeper } from "../../driver/index.js";
import { viewHandlers } from "../../driver/views.js";
import { jobHandlers } from "../../jobs/index.js";
import type { ToyBackend, ToyGuest } from "./backend.js";

export interface ToyHandlers
  extends ConnectHandlers,
    DomainLifecycleHandlers,
    DomainConfigHandlers,
    PolyvisorHandlers {}

/** What a fault may lay hands on. */
export interface ToyParts {
  readonly hypervisor: GuestHypervisor<ToyGuest>;
  readonly keeper: Keeper;
}

/** Breaks a toy: may change its parts, and says what the driver answers with in place of `handlers`. */
export type Breakage = (parts: ToyParts, handlers: Required<ToyHandlers>) => Required<ToyHandlers>;

/** A small hypervisor in memory that keeps every rule of `hypervisor.v1` that it can break, unless it is broken. */
export class ToyDriver implements HypervisorDriver {
  readonly #hypervisor: GuestHypervisor<ToyGuest>;
  readonly #handlers: Required<ToyHandlers>;

  constructor(backend: ToyBackend, keeper: Keeper, breakage: Breakage = (_, handlers) => handlers) {
    const hypervisor = new GuestHypervisor(backend, keeper, silentLog);
    const handlers = {
      ...viewHandlers(hypervisor),
      ...changeHandlers(hypervisor),
      ...ownedHandlers(hypervisor, { isGone: false }),
      ...jobHandlers(hypervisor.domains),
    };
    this.#hypervisor = hypervisor;
    this.#handlers = breakage({ hypervisor, keeper }, handlers as Required<ToyHandlers>);
  }

  start(): Promise<void> {
    return this.#hypervisor.recover();
  }

  open(): HypervisorConnection {
    const { domains, events } = this.#hypervisor;
    const handlers = this.#handlers;
    const consoles = new Set<ByteStream>();
    return {
      ...handlers,
      domainOpenConsole: async (args, context) => {
        const console = await handlers.domainOpenConsole(args, context);
        consoles.add(console);
        return console;
      },
      uri: "toy:///system",
      resolveDomain: (reference: Domain) => domains.find(reference).ref,
      events,
      close() {
        for (const console of consoles) console.destroy();
      },
    };
  }
}
