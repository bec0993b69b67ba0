/** Somebody whose calls wait for a place. */
export interface PlaceSeeker {
  /** There may be a place now. Whoever still waits afterwards says so again. */
  placeFree(): void;
}

/** Places for slow calls, which all clients share; without a limit nobody waits. */
export class Places {
  readonly #most: () => number;
  readonly #seekers = new Set<PlaceSeeker>();
  #taken = 0;

  /** `most` tells how many there are at the moment. */
  constructor(most: () => number) {
    this.#most = most;
  }

  get full(): boolean {
    return this.#taken >= this.#most();
  }

  take(): void {
    this.#taken++;
  }

  leave(): void {
    this.#taken--;
    this.offer();
  }

  /** Those who came first are asked first. */
  wait(seeker: PlaceSeeker): void {
    this.#seekers.add(seeker);
  }

  /** The seeker is gone. */
  forget(seeker: PlaceSeeker): void {
    this.#seekers.delete(seeker);
  }

  /** Called when there may be more places than before. */
  offer(): void {
    for (const seeker of [...this.#seekers]) {
      if (this.full) return;
      this.#seekers.delete(seeker);
      seeker.placeFree();
    }
  }
}
