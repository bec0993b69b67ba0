/** A client that is counted from here on; what is less is lost among what any client costs. */
const COUNTED_BYTES = 65536;

/** Somebody for whom the daemon keeps bytes: messages that are not complete, or that nobody has taken yet. */
export interface Holder {
  /** In bytes. */
  readonly held: number;
  /** All holders together hold too much, and this one the most. */
  letGo(): void;
}

/**
 * Keeps all clients together from using more memory than the daemon can spare, however many there are and whatever each of
 * them may use alone: beyond the limit the one that uses the most has to go.
 */
export class HeldMemory {
  readonly #max: number;
  readonly #counted = new Map<Holder, number>();
  #total = 0;

  /** `max` in bytes. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Called when a holder may hold more than before. */
  count(holder: Holder): void {
    const { held } = holder;
    if (held < COUNTED_BYTES && !this.#counted.has(holder)) return;
    this.#set(holder, held);
    if (this.#total <= this.#max) return;
    for (const known of this.#counted.keys()) this.#set(known, known.held);
    while (this.#total > this.#max) this.#dismissLargest();
  }

  /** Called when a holder is gone. */
  forget(holder: Holder): void {
    this.#set(holder, 0);
  }

  #set(holder: Holder, held: number): void {
    this.#total += held - (this.#counted.get(holder) ?? 0);
    if (held === 0) this.#counted.delete(holder);
    else this.#counted.set(holder, held);
  }

  #dismissLargest(): void {
    const [largest] = [...this.#counted].reduce((one, other) => (other[1] > one[1] ? other : one));
    this.forget(largest);
    largest.letGo();
  }
}
