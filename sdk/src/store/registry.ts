import type { Domain, DomainRef, ErrorDomain } from "@polyvisor/core";
import { ObjectRegistry } from "./object-registry.js";

/** What a registry holds: anything that carries the domain's present reference. */
export interface Registered {
  readonly ref: DomainRef;
}

/** The domains of a driver by UUID, name and id. Lookups fail in libvirt's words. */
export class DomainRegistry<T extends Registered> extends ObjectRegistry<T> {
  readonly #byId = new Map<number, T>();
  /** The reference under which each entry is indexed, which may be older than the one it carries. */
  readonly #indexed = new Map<T, DomainRef>();

  /** `from` is the part of the system that lookups name in their errors: the driver. */
  constructor(from: ErrorDomain = "DOM") {
    super({ what: "domain", missing: "NO_DOMAIN", from, hint: "`list --all` shows the domains that are here" });
  }

  byId(id: number): T | undefined {
    return this.#byId.get(id);
  }

  override add(entry: T): void {
    super.add(entry);
    this.#index(entry);
  }

  override remove(entry: T): void {
    const ref = this.#indexed.get(entry);
    if (ref === undefined) return;
    this.forget(ref);
    this.#byId.delete(ref.id);
    this.#indexed.delete(entry);
  }

  /** Called after an entry's reference was replaced: it started, stopped or was renamed. Its place in the order stays. */
  reindex(entry: T): void {
    const old = this.#indexed.get(entry);
    if (old === undefined || old === entry.ref) return;
    if (old.name !== entry.ref.name) this.renamed(entry, old.name);
    if (old.id !== entry.ref.id) this.#byId.delete(old.id);
    this.#index(entry);
  }

  /** The entry behind a client's reference. Fails with `NO_DOMAIN`. */
  find(reference: Domain): T {
    return this.byUuid(reference.uuid) ?? this.missing(`matching uuid '${reference.uuid}' (${reference.name})`);
  }

  lookupByID(id: number): T {
    return this.#byId.get(id) ?? this.missing(`matching id ${id}`);
  }

  #index(entry: T): void {
    if (entry.ref.id >= 0) this.#byId.set(entry.ref.id, entry);
    this.#indexed.set(entry, entry.ref);
  }
}
