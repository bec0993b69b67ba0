/** Random numbers that a seed fixes (sfc32), so that a run can be had again. */
export class Random {
  #a;
  #b;
  #c;
  #counter = 1;

  /** @param {...(string | number)} seed whatever tells this sequence from all others */
  constructor(...seed) {
    const hash = fnv(seed.join("/"));
    [this.#a, this.#b, this.#c] = [hash, hash ^ 0x9e3779b9, fnv(`${hash}`)];
    for (let i = 0; i < 12; i++) this.word();
  }

  /** An unsigned integer of 32 bits. */
  word() {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit) {
    return Math.floor((this.word() / 4294967296) * limit);
  }

  /** An integer from `least` to `most`. */
  from(least, most) {
    return least + this.below(most - least + 1);
  }

  /** True with this probability. */
  chance(probability) {
    return this.word() < probability * 4294967296;
  }

  /** @template T @param {readonly T[]} list @returns {T} */
  pick(list) {
    return list[this.below(list.length)];
  }

  bytes(length) {
    const bytes = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) bytes[i] = this.word();
    return bytes;
  }
}

function fnv(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}
