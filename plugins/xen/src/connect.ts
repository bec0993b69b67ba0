import type {
  CallContext,
  Domain,
  HostInfo,
  HypervisorConnection,
  HypervisorHandlers,
  Log,
  Uri,
} from "@polyvisor/core";
import { type Keeper, type Owner, ownedHandlers } from "@polyvisor/sdk/driver";
import { xenHandlers } from "./handlers/index.js";
import { startingHandlers } from "./handlers/start.js";
import { XenHypervisor } from "./hypervisor.js";
import type { Reach } from "./session.js";
import { chosenPlace, type Dom0Place, parsePlace, type XenSettings } from "./settings.js";

export interface XenHostParts {
  readonly info: HostInfo;
  readonly log: Log;
  readonly settings: XenSettings;
  readonly reach?: Reach;
  readonly keeper?: Keeper;
}

interface Served {
  readonly hypervisor: XenHypervisor;
  readonly handlers: HypervisorHandlers;
}

/** Every dom0 that somebody has asked for. */
export class XenHost {
  readonly #parts: XenHostParts;
  readonly #served = new Map<string, Served>();

  constructor(parts: XenHostParts) {
    this.#parts = parts;
  }

  /** Called at the daemon's start: domains that start by themselves do so, and what has ended is told. */
  begin(): void {
    const { hypervisor } = this.#of("", parsePlace(this.#parts.settings.dom0));
    hypervisor.ready().catch((error: unknown) => this.#parts.log.warn({ err: error }, "dom0 cannot be reached"));
  }

  async open(uri: Uri, _context: CallContext): Promise<HypervisorConnection> {
    const { name, place } = chosenPlace(this.#parts.settings, uri);
    const { hypervisor, handlers } = this.#of(name, place);
    const session = await hypervisor.ready();
    const owner: Owner = { isGone: false };
    const { guests } = hypervisor;
    return Object.assign(Object.create(handlers) as HypervisorHandlers, {
      ...startingHandlers(hypervisor, ownedHandlers(guests, owner)),
      uri: name === "" ? "xen:///system" : `xen:///system?dom0=${name}`,
      resolveDomain: (reference: Domain) => guests.domains.find(reference).ref,
      events: guests.events,
      isElsewhere: session.dom0.isElsewhere,
      lost: session.lost,
      close: () => guests.endOwned(owner),
    });
  }

  close(): void {
    for (const { hypervisor } of this.#served.values()) hypervisor.close();
  }

  #of(name: string, place: Dom0Place): Served {
    let served = this.#served.get(name);
    if (served === undefined) {
      const { info, log, settings, reach, keeper } = this.#parts;
      const folder = name === "" ? "xen" : `xen-${name}`;
      const more = { ...(reach && { reach }), ...(keeper && { keeper }) };
      const hypervisor = new XenHypervisor({ info, log, settings, place, folder, ...more });
      served = { hypervisor, handlers: xenHandlers(hypervisor) };
      this.#served.set(name, served);
    }
    return served;
  }
}
