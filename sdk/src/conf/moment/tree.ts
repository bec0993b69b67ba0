/** What places a snapshot or a checkpoint among the others of its domain. */
interface Placed {
  readonly name: string;
  readonly parent?: string | undefined;
}

/** A domain's snapshots or checkpoints, each of which may follow another one. */
export class MomentTree<M extends Placed> {
  readonly #byName = new Map<string, M>();
  /** The name of the one that the domain is at; the next one follows it. */
  current: string | undefined;

  get size(): number {
    return this.#byName.size;
  }

  get byName(): ReadonlyMap<string, M> {
    return this.#byName;
  }

  /** Adds one, or puts it in the place of one with its name. */
  set(moment: M): void {
    this.#byName.set(moment.name, moment);
  }

  /** Those that follow one directly; without a name those that follow none. */
  children(name: string | undefined): M[] {
    return [...this.#byName.values()].filter(({ parent }) => parent === name);
  }

  /** Those that follow one, each after those that it follows; without a name all of them. */
  descendants(name: string | undefined): M[] {
    return this.children(name).flatMap((child) => [child, ...this.descendants(child.name)]);
  }

  /** Whoever followed it follows then what it followed; the domain is at that one, too, if it was at this. */
  remove({ name, parent }: M): void {
    for (const child of this.children(name)) this.set({ ...child, parent });
    if (this.current === name) this.current = parent;
    this.#byName.delete(name);
  }

  /** The domain is at this one then, if it was at one of those. */
  removeDescendants({ name }: M): void {
    for (const each of this.descendants(name).reverse()) this.remove(each);
  }
}
