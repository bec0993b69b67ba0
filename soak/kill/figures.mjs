/** What was done, counted. */
export class Figures {
  kills = 0;
  #operations = {};
  #deeds = {};

  /** @param {"sent" | "acknowledged" | "cut short"} what */
  count(operation, what) {
    this.#operations[operation] ??= { sent: 0, acknowledged: 0, "cut short": 0 };
    this.#operations[operation][what]++;
  }

  /** @param {string | undefined} name what was done while no daemon ran */
  deed(name) {
    if (name !== undefined) this.#deeds[name] = (this.#deeds[name] ?? 0) + 1;
  }

  get rows() {
    return Object.entries(this.#operations).map(([operation, counts]) => ({ operation, ...counts }));
  }

  get deeds() {
    return Object.entries(this.#deeds)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  }
}
