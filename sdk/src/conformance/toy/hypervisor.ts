import { DomainRef, type Log, VirtError } from "@polyvisor/core";
import { type Domain as Config, formatDomain, parseDomain } from "../../conf/domain/index.js";
import { DomainEventHub } from "../../events/index.js";
import { type EndingName, type LifecycleNews, type TransitionName, transitionFrom } from "../../lifecycle/index.js";
import { DomainRegistry } from "../../store/index.js";
import type { ToyDisk } from "./disk.js";
import { ToyDomain } from "./domain.js";

export function readToyConfig(xml: string): Config {
  const config = parseDomain(xml, { hooks: { defaultArch: "x86_64" } });
  if (config.name.includes("\n")) throw new VirtError("XML_ERROR", "a name has one line", { domain: "DOMAIN" });
  return config;
}

/** The domains of one toy, and those who listen for what happens to them. */
export class ToyHypervisor {
  readonly domains = new DomainRegistry<ToyDomain>();
  readonly events: DomainEventHub;
  readonly #disk: ToyDisk;
  readonly #jobWaitMs: number;
  #lastId = 0;

  constructor(log: Log, disk: ToyDisk, jobWaitMs: number) {
    this.events = new DomainEventHub(log);
    this.#disk = disk;
    this.#jobWaitMs = jobWaitMs;
  }

  /** Finds what an earlier driver left, and starts what is to start by itself. */
  recover(): void {
    for (const { xml, autostart } of this.#disk.definitions.values()) {
      const config = readToyConfig(xml);
      Object.assign(this.add(config), { defined: config, autostart });
    }
    for (const { xml, id, status } of this.#disk.guests.values()) {
      const config = readToyConfig(xml);
      this.#lastId = Math.max(this.#lastId, id);
      this.#run(this.domains.byUuid(config.uuid) ?? this.add(config), config, id);
      Object.assign(this.domains.lookupByUUID(config.uuid), { status });
    }
    for (const domain of this.domains) {
      if (domain.autostart && domain.defined !== undefined && !domain.isActive)
        this.start(domain, domain.defined, false);
    }
  }

  add(config: Config): ToyDomain {
    const domain = new ToyDomain(config, this.#jobWaitMs);
    this.domains.add(domain);
    return domain;
  }

  start(domain: ToyDomain, config: Config, paused: boolean): void {
    this.#run(domain, config, this.nextId());
    this.transition(domain, "boot");
    if (paused) this.transition(domain, "suspend");
  }

  /** A domain that was only created is gone with its end. */
  stop(domain: ToyDomain, ending: EndingName): void {
    const { id } = domain.ref;
    domain.live = undefined;
    domain.console?.end();
    domain.console = undefined;
    this.#name(domain, -1);
    if (!domain.persistent) this.#forget(domain);
    this.transition(domain, ending, new DomainRef(domain.ref.name, domain.ref.uuid, id));
  }

  undefine(domain: ToyDomain): void {
    domain.defined = undefined;
    domain.autostart = false;
    if (!domain.isActive) this.#forget(domain);
    this.transition(domain, "undefine");
  }

  /** One step of a domain's life: first it is so, and kept, then it is told. */
  transition(domain: ToyDomain, name: TransitionName, ref: DomainRef = domain.ref): void {
    const transition = transitionFrom(domain.status, name);
    if (transition === undefined) throw new VirtError("OPERATION_INVALID", `the domain cannot ${name} now`);
    if (transition.to !== undefined) domain.status = transition.to;
    this.save(domain);
    this.tell(ref, transition.news);
  }

  tell(dom: DomainRef, news: readonly LifecycleNews[]): void {
    for (const each of news) this.events.emit({ kind: "lifecycle", dom, ...each });
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  save({ ref, status, live, defined, autostart }: ToyDomain): void {
    const { definitions, guests } = this.#disk;
    const keep = <T>(map: Map<string, T>, value: T | undefined) =>
      void (value === undefined ? map.delete(ref.uuid) : map.set(ref.uuid, value));
    keep(definitions, defined && { xml: formatDomain(defined, { secure: true }), autostart });
    keep(guests, live && { xml: formatDomain(live, { secure: true }), id: ref.id, status });
  }

  #run(domain: ToyDomain, config: Config, id: number): void {
    domain.live = { ...config, id };
    domain.since = process.hrtime.bigint();
    this.#name(domain, id);
  }

  #name(domain: ToyDomain, id: number): void {
    domain.ref = new DomainRef(domain.ref.name, domain.ref.uuid, id);
    this.domains.reindex(domain);
  }

  #forget(domain: ToyDomain): void {
    this.domains.remove(domain);
    domain.jobs.dispose(new VirtError("NO_DOMAIN", `no domain with matching uuid '${domain.ref.uuid}'`));
  }
}
