import { type Domain, type DomainRef, type ErrorDomain, VirtError } from "@polyvisor/core";

/** What a registry holds: anything that carries the domain's present reference. */
export interface Registered {
  readonly ref: DomainRef;
}

/** The domains of a driver by UUID, name and id. Lookups fail in libvirt's words. */
export class DomainRegistry<T extends Registered> {
  readonly #byUuid = new Map<string, T>();
  readonly #byName = new Map<string, T>();
  readonly #byId = new Map<number, T>();
  /** The reference under which each entry is indexed, which may be older than the one it carries. */
  readonly #indexed = new Map<T, DomainRef>();
  readonly #from: ErrorDomain;

  /** `from` is the part of the system that lookups name in their errors: the driver. */
  constructor(from: ErrorDomain = "DOM") {
    this.#from = from;
  }

  get size(): number {
    return this.#byUuid.size;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#byUuid.values();
  }

  byUuid(uuid: string): T | undefined {
    return this.#byUuid.get(uuid);
  }

  byName(name: string): T | undefined {
    return this.#byName.get(name);
  }

  byId(id: number): T | undefined {
    return this.#byId.get(id);
  }

  /** Throws where the UUID or name is taken: callers have checked, in words that fit what they do. */
  add(entry: T): void {
    const { ref } = entry;
    if (this.#byUuid.has(ref.uuid) || this.#byName.has(ref.name)) {
      throw new VirtError("INTERNAL_ERROR", `domain ${ref.name} (${ref.uuid}) is registered already`);
    }
    this.#index(entry, ref);
  }

  remove(entry: T): void {
    const ref = this.#indexed.get(entry);
    if (ref === undefined) return;
    this.#byUuid.delete(ref.uuid);
    this.#byName.delete(ref.name);
    this.#byId.delete(ref.id);
    this.#indexed.delete(entry);
  }

  /** Called after an entry's reference was replaced: it started, stopped or was renamed. Its place in the order stays. */
  reindex(entry: T): void {
    const old = this.#indexed.get(entry);
    if (old === undefined || old === entry.ref) return;
    if (old.name !== entry.ref.name) this.#byName.delete(old.name);
    if (old.id !== entry.ref.id) this.#byId.delete(old.id);
    this.#index(entry, entry.ref);
  }

  /** The entry behind a client's reference. Fails with `NO_DOMAIN`. */
  find(reference: Domain): T {
    const entry = this.#byUuid.get(reference.uuid);
    if (entry === undefined)
      throw this.#noDomain(`no domain with matching uuid '${reference.uuid}' (${reference.name})`);
    return entry;
  }

  lookupByName(name: string): T {
    const entry = this.#byName.get(name);
    if (entry === undefined) throw this.#noDomain(`no domain with matching name '${name}'`);
    return entry;
  }

  lookupByUUID(uuid: string): T {
    const entry = this.#byUuid.get(uuid);
    if (entry === undefined) throw this.#noDomain(`no domain with matching uuid '${uuid}'`);
    return entry;
  }

  lookupByID(id: number): T {
    const entry = this.#byId.get(id);
    if (entry === undefined) throw this.#noDomain(`no domain with matching id ${id}`);
    return entry;
  }

  #index(entry: T, ref: DomainRef): void {
    this.#byUuid.set(ref.uuid, entry);
    this.#byName.set(ref.name, entry);
    if (ref.id >= 0) this.#byId.set(ref.id, entry);
    this.#indexed.set(entry, ref);
  }

  #noDomain(detail: string): VirtError {
    return new VirtError("NO_DOMAIN", detail, {
      domain: this.#from,
      hint: "`list --all` shows the domains that are here",
    });
  }
}
