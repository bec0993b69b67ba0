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
  type Uri,
  VirtError,
} from "@polyvisor/core";
import { jobHandlers } from "../../jobs/index.js";
import { changeHandlers } from "./changes.js";
import { emptyDisk, type ToyDisk } from "./disk.js";
import { ToyHypervisor } from "./hypervisor.js";
import { viewHandlers } from "./views.js";

export interface ToyOptions {
  /** What an earlier driver left; nothing when left out. */
  readonly disk?: ToyDisk;
  /** How long a call waits for its domain's turn, in milliseconds. */
  readonly jobWaitMs?: number;
  /** Makes the toy a broken one: what it answers with in place of `handlers`. */
  readonly broken?: (hypervisor: ToyHypervisor, handlers: Required<ToyHandlers>) => Required<ToyHandlers>;
}

export interface ToyHandlers
  extends ConnectHandlers,
    DomainLifecycleHandlers,
    DomainConfigHandlers,
    PolyvisorHandlers {}

/** A small hypervisor in memory that keeps every rule of `hypervisor.v1` that it can break. */
export class ToyDriver implements HypervisorDriver {
  readonly #hypervisor: ToyHypervisor;
  readonly #handlers: Required<ToyHandlers>;

  constructor({ disk = emptyDisk(), jobWaitMs = 30_000, broken = (_, handlers) => handlers }: ToyOptions = {}) {
    this.#hypervisor = new ToyHypervisor(silentLog, disk, jobWaitMs);
    this.#handlers = broken(this.#hypervisor, handlersOf(this.#hypervisor) as Required<ToyHandlers>);
  }

  start(): void {
    this.#hypervisor.recover();
  }

  open({ path }: Uri): HypervisorConnection {
    if (path !== "/default")
      throw new VirtError("INVALID_ARG", `no toy has the path '${path}'`, { hint: "toy:///default" });
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
      uri: "toy:///default",
      resolveDomain: (reference: Domain) => domains.find(reference).ref,
      events,
      close() {
        for (const console of consoles) console.destroy();
      },
    };
  }
}

function handlersOf(hypervisor: ToyHypervisor): ToyHandlers {
  return { ...viewHandlers(hypervisor), ...changeHandlers(hypervisor), ...jobHandlers(hypervisor.domains) };
}
