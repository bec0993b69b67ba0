import { type ErrorDomain, type ErrorName, VirtError } from "@polyvisor/core";

/** What tells the entries of a registry apart: each of the two is unique in it. */
export interface ObjectReference {
  readonly name: string;
  readonly uuid: string;
}

/** How the objects of a registry are called in messages. */
export interface ObjectWords {
  /** Such as "network". */
  readonly what: string;
  /** The code of a lookup that finds nothing. */
  readonly missing: ErrorName;
  /** The part of the system that lookups name in their errors. */
  readonly from: ErrorDomain;
  /** How to find out what is there. */
  readonly hint: string;
}

/** A driver's objects of one sort by UUID and name. Lookups fail in libvirt's words. */
export class ObjectRegistry<T extends { readonly ref: ObjectReference }> {
  readonly #byUuid = new Map<string, T>();
  readonly #byName = new Map<string, T>();
  readonly #words: ObjectWords;

  constructor(words: ObjectWords) {
    this.#words = words;
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

  /** Throws where the UUID or name is taken: callers have checked, in words that fit what they do. */
  add(entry: T): void {
    const { name, uuid } = entry.ref;
    if (this.#byUuid.has(uuid) || this.#byName.has(name)) {
      throw new VirtError("INTERNAL_ERROR", `${this.#words.what} ${name} (${uuid}) is registered already`);
    }
    this.#byUuid.set(uuid, entry);
    this.#byName.set(name, entry);
  }

  remove(entry: T): void {
    this.forget(entry.ref);
  }

  /** Called after an entry got another name. Its place in the order stays. */
  renamed(entry: T, before: string): void {
    this.#byName.delete(before);
    this.#byName.set(entry.ref.name, entry);
  }

  lookupByName(name: string): T {
    return this.#byName.get(name) ?? this.missing(`matching name '${name}'`);
  }

  lookupByUUID(uuid: string): T {
    return this.#byUuid.get(uuid) ?? this.missing(`matching uuid '${uuid}'`);
  }

  /** Takes an entry out by the reference under which it was added or renamed. */
  protected forget({ name, uuid }: ObjectReference): void {
    this.#byUuid.delete(uuid);
    this.#byName.delete(name);
  }

  /** Fails as a lookup does; `criterion` says what nothing was found with. */
  protected missing(criterion: string): never {
    const { what, missing, from, hint } = this.#words;
    throw new VirtError(missing, `no ${what} with ${criterion}`, { domain: from, hint });
  }
}
