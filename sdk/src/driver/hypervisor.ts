import { DomainRef, type Log, VirtError } from "@polyvisor/core";
import { type Domain as Config, type DomainHooks, formatDomain, parseDomain } from "../conf/domain/index.js";
import { DomainEventHub } from "../events/index.js";
import { type EndingName, type TransitionName, transitionFrom } from "../lifecycle/index.js";
import { DomainRegistry } from "../store/index.js";
import type { Guest, GuestBackend, GuestEnd, StartOptions } from "./backend.js";
import { GuestDomain, type Owner } from "./domain.js";
import type { Keeper, KeptGuest } from "./keeper.js";

/** How many guests that start by themselves are started at a time. */
const STARTS_AT_ONCE = 4;

/** What ends a domain whose guest has ended so. */
const ENDINGS: Readonly<Record<Exclude<GuestEnd, "reboot">, EndingName>> = { shutdown: "finish", crash: "crash" };

const UNPAUSED: StartOptions = { paused: false, files: [] };

/** How a guest has come to run: the steps that are told. */
export interface Beginning<G extends Guest> {
  readonly guest: G;
  readonly how: readonly TransitionName[];
}

/** The domains of one driver: what is known of them, what is kept, and who hears of it. */
export class GuestHypervisor<G extends Guest> {
  readonly backend: GuestBackend<G>;
  readonly domains = new DomainRegistry<GuestDomain<G>>();
  readonly events: DomainEventHub;
  readonly #keeper: Keeper;
  readonly #log: Log;
  #lastId = 0;

  constructor(backend: GuestBackend<G>, keeper: Keeper, log: Log) {
    this.backend = backend;
    this.#keeper = keeper;
    this.#log = log;
    this.events = new DomainEventHub(log);
  }

  /** A document as this driver understands it. Fails with `XML_ERROR` and its kin. */
  read(xml: string): Config {
    const config = parseDomain(xml, { hooks: this.#hooks });
    if (config.name.includes("\n"))
      throw new VirtError("XML_ERROR", "name cannot contain '\\n'", {
        domain: "DOMAIN",
        hint: "the name of a domain has one line",
      });
    return config;
  }

  get #hooks(): DomainHooks {
    return { defaultArch: "x86_64", ...this.backend.documents };
  }

  /** Called once, before anyone is served: finds what an earlier daemon left, and starts what starts by itself. */
  async recover(): Promise<void> {
    for (const { xml, autostart, name } of await this.#keeper.definitions()) {
      await this.#orLog(name, () => {
        const config = this.read(xml);
        Object.assign(this.add(config), { defined: config, autostart });
      });
    }
    const guests = await this.#keeper.guests();
    await this.events.recover(async () => {
      for (const guest of guests) await this.#orLog(guest.name, () => this.#findAgain(guest));
    });
    const running = new Set([...this.domains].filter(({ isActive }) => isActive).map(({ ref }) => ref.name));
    await this.backend.sweep?.(running);
    if (await this.#keeper.isFirstOfBoot()) void this.#autostart();
  }

  /** Nobody waits for it: clients are served meanwhile. */
  async #autostart(): Promise<void> {
    const waiting = [...this.domains].filter((domain) => domain.autostart && !domain.isActive);
    const startSome = async () => {
      for (let domain = waiting.shift(); domain !== undefined; domain = waiting.shift())
        await this.#startByItself(domain);
    };
    await Promise.all(Array.from({ length: STARTS_AT_ONCE }, startSome));
  }

  #startByItself(domain: GuestDomain<G>): Promise<void> {
    return this.#orLog(domain.ref.name, () =>
      domain.knownJobs.run({ kind: "modify", api: "autostart" }, async () => {
        if (!domain.isActive && domain.autostart) await this.start(domain, domain.config(true), UNPAUSED);
      }),
    );
  }

  /** The connection is gone: so are the guests that were to go with it. Nobody waits for them. */
  endOwned(owner: Owner): void {
    owner.isGone = true;
    for (const domain of this.domains) {
      if (domain.owner !== owner) continue;
      void this.#orLog(domain.ref.name, () =>
        domain.knownJobs.run({ kind: "destroy", api: "autodestroy" }, async () => {
          if (domain.owner === owner && domain.isActive) await this.stop(domain, "destroy");
        }),
      );
    }
  }

  add(config: Config): GuestDomain<G> {
    const domain = new GuestDomain<G>(config);
    this.domains.add(domain);
    return domain;
  }

  /** Must run in the domain's job. Where it fails, the domain is off as it was before, and its state tells why. */
  async start(domain: GuestDomain<G>, config: Config, options: StartOptions): Promise<void> {
    let guest: G;
    try {
      guest = await this.backend.start(config, options);
    } catch (error) {
      await this.transition(domain, "refuseStart");
      throw error;
    }
    await this.begin(domain, config, { guest, how: options.paused ? ["boot", "suspend"] : ["boot"] });
  }

  /**
   * A guest that has come to run in some other way, such as one that was restored, becomes the domain's. Must run in the
   * domain's job. Where it fails, the guest is ended, and the domain is as it was before.
   */
  async begin(domain: GuestDomain<G>, config: Config, { guest, how }: Beginning<G>): Promise<void> {
    try {
      this.#runs(domain, { ...(guest.config ?? config), id: guest.id ?? this.#nextId() }, guest);
      for (const step of how) await this.transition(domain, step);
    } catch (error) {
      await this.stop(domain, "failStart");
      throw error;
    }
    this.#watch(domain, guest);
  }

  /** Must run in the domain's job. A domain that was only created is gone with its end. */
  async stop(domain: GuestDomain<G>, ending: EndingName): Promise<void> {
    const { ref, run } = domain;
    await run?.guest.destroy();
    await this.#keeper.dropGuest(ref.name);
    domain.run = undefined;
    domain.console?.end();
    domain.console = undefined;
    domain.owner = undefined;
    this.#name(domain, -1);
    if (!domain.persistent) this.forget(domain);
    await this.transition(domain, ending, ref);
  }

  /** Must run in the domain's job. */
  async define(domain: GuestDomain<G>, config: Config): Promise<void> {
    const isNew = !domain.persistent;
    await this.#keepDefinition(config, domain.autostart);
    domain.defined = config;
    await this.transition(domain, isNew ? "define" : "redefine");
  }

  /** Must run in the domain's job. */
  async undefine(domain: GuestDomain<G>): Promise<void> {
    await this.#keeper.dropDefinition(domain.ref.name);
    domain.defined = undefined;
    domain.autostart = false;
    if (!domain.isActive) this.forget(domain);
    await this.transition(domain, "undefine");
  }

  /** What the guest runs with has changed. Must run in the domain's job; fails with `OPERATION_INVALID` where none runs. */
  async setLive(domain: GuestDomain<G>, config: Config): Promise<void> {
    const guest = domain.active();
    const { id } = domain.ref;
    domain.run = { guest, config: { ...config, id } };
    await this.#keepGuest(domain, domain.ref);
  }

  /** What the next start will have has changed, without anybody having defined it anew. Must run in the domain's job. */
  async setDefined(domain: GuestDomain<G>, config: Config): Promise<void> {
    await this.#keepDefinition(config, domain.autostart);
    domain.defined = config;
  }

  /** Must run in the domain's job. */
  async setAutostart(domain: GuestDomain<G>, autostart: boolean): Promise<void> {
    await this.#keepDefinition(domain.config(true), autostart);
    domain.autostart = autostart;
  }

  /** One step of a domain's life: first it is so, and kept, then it is told. Fails where it is not possible now. */
  async transition(domain: GuestDomain<G>, name: TransitionName, ref: DomainRef = domain.ref): Promise<void> {
    const transition = transitionFrom(domain.status, name);
    if (transition === undefined) throw new VirtError("OPERATION_INVALID", `the domain cannot ${name} now`);
    if (transition.to !== undefined) domain.status = transition.to;
    await this.#keepGuest(domain, ref);
    for (const each of transition.news) this.events.emit({ kind: "lifecycle", dom: ref, ...each });
  }

  /** The domain is neither defined nor running: nobody finds it any more, and who waits for it learns so. */
  forget(domain: GuestDomain<G>): void {
    this.domains.remove(domain);
    domain.knownJobs.dispose(new VirtError("NO_DOMAIN", `no domain with matching uuid '${domain.ref.uuid}'`));
  }

  async #findAgain({ xml, id, status, token }: KeptGuest): Promise<void> {
    // It runs, whatever the backend would say of such a document today.
    const config = parseDomain(xml, { hooks: this.#hooks, inactive: false, status: true, skipChecks: true });
    const domain = this.domains.byUuid(config.uuid) ?? this.add(config);
    this.#lastId = Math.max(this.#lastId, id);
    const guest = await this.backend.find?.(config, token);
    this.#name(domain, id);
    domain.status = status;
    if (guest === undefined || typeof guest === "string") {
      await this.stop(domain, guest === "shutdown" ? "finish" : "crash");
      return;
    }
    this.#runs(domain, { ...config, id: guest.id ?? id }, guest);
    this.#watch(domain, guest);
  }

  /** A guest that ends by itself is cleaned up after, once whoever changes its domain is done. */
  #watch(domain: GuestDomain<G>, guest: G): void {
    guest.watchReboots?.(() => void this.#orLog(domain.ref.name, () => this.#rebooted(domain, guest)));
    guest.ended
      .then((end) =>
        domain.knownJobs.run({ kind: "destroy", api: "guestEnded" }, async () => {
          if (domain.run?.guest !== guest) return;
          if (end === "reboot") await this.#startAnew(domain, guest);
          else await this.stop(domain, ENDINGS[end]);
        }),
      )
      .catch((error: unknown) => {
        const isGone = error instanceof VirtError && error.code === "NO_DOMAIN";
        if (!isGone) this.#log.error({ err: error, domain: domain.ref.name }, "cleaning up after a guest failed");
      });
  }

  async #rebooted(domain: GuestDomain<G>, guest: G): Promise<void> {
    await domain.knownJobs.run({ kind: "modify", api: "guestRebooted" }, async () => {
      if (domain.run?.guest === guest) await this.#tellReboot(domain);
    });
  }

  /** A guest that has ended to boot anew gets its place back, with what it ran with; where it cannot, it has crashed. */
  async #startAnew(domain: GuestDomain<G>, ended: G): Promise<void> {
    const config = domain.config();
    await ended.destroy();
    let guest: G;
    try {
      guest = await this.backend.start(config, UNPAUSED);
    } catch (error) {
      await this.stop(domain, "crash");
      throw error;
    }
    this.#runs(domain, { ...(guest.config ?? config), id: guest.id ?? domain.ref.id }, guest);
    await this.#tellReboot(domain);
    this.#watch(domain, guest);
  }

  /** One that somebody has suspended meanwhile stays so. */
  async #tellReboot(domain: GuestDomain<G>): Promise<void> {
    if (transitionFrom(domain.status, "rebooted") === undefined) await this.#keepGuest(domain, domain.ref);
    else await this.transition(domain, "rebooted");
    this.events.emit({ kind: "reboot", dom: domain.ref });
  }

  #runs(domain: GuestDomain<G>, config: Config & { readonly id: number }, guest: G): void {
    domain.run = { guest, config };
    this.#name(domain, config.id);
  }

  #name(domain: GuestDomain<G>, id: number): void {
    domain.ref = new DomainRef(domain.ref.name, domain.ref.uuid, id);
    this.domains.reindex(domain);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  async #keepGuest({ run, status }: GuestDomain<G>, ref: DomainRef): Promise<void> {
    if (run === undefined) return;
    const xml = formatDomain(run.config, { secure: true, status: true });
    await this.#keeper.keepGuest({ name: ref.name, xml, id: ref.id, status, token: run.guest.token });
  }

  #keepDefinition(config: Config, autostart: boolean): Promise<void> {
    const xml = formatDomain(config, { inactive: true, secure: true });
    return this.#keeper.keepDefinition({ name: config.name, xml, autostart });
  }

  async #orLog(name: string, work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#log.error({ err: error, domain: name }, "a domain of an earlier run is left out, or could not be started");
    }
  }
}
