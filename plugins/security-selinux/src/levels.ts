import { type CategoryRange, type Pick, pickLevel } from "./categories.js";

/** The levels of guests that run or start, so that no two have the same. */
export class Levels {
  readonly #levels = new Map<string, string>();
  readonly #pick: Pick;

  constructor(pick: Pick) {
    this.#pick = pick;
  }

  /** A level that nobody has, which is the guest's from now on. */
  take(uuid: string, range: CategoryRange): string {
    this.#levels.delete(uuid);
    const level = pickLevel(range, new Set(this.#levels.values()), this.#pick);
    this.#levels.set(uuid, level);
    return level;
  }

  /** Who has that level besides, if anybody. */
  reserve(uuid: string, level: string): string | undefined {
    const [other] = [...this.#levels].find(([owner, taken]) => taken === level && owner !== uuid) ?? [];
    this.#levels.set(uuid, level);
    return other;
  }

  giveBack(uuid: string): void {
    this.#levels.delete(uuid);
  }
}
