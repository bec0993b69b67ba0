/** What `Codec.layout` says, taken apart. */
export type Shape =
  | { readonly kind: "basic"; readonly type: string }
  | { readonly kind: "string"; readonly max: number }
  | { readonly kind: "opaque"; readonly length: number; readonly fixed: boolean }
  | { readonly kind: "optional"; readonly of: Shape }
  | { readonly kind: "list"; readonly of: Shape; readonly length: number; readonly fixed: boolean }
  | { readonly kind: "struct"; readonly fields: readonly Shape[] }
  | { readonly kind: "union"; readonly arms: readonly (readonly [discriminant: number, arm: Shape])[] };

/** Throws where the text is no layout. */
export function parseLayout(layout: string): Shape {
  const parser = new Parser(layout);
  const shape = parser.shape();
  parser.end();
  return shape;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  shape(): Shape {
    let shape = this.#base();
    for (;;) {
      if (this.#skip("?")) shape = { kind: "optional", of: shape };
      else if (/[<[]/.test(this.#next)) shape = { kind: "list", of: shape, ...this.#bound() };
      else return shape;
    }
  }

  end(): void {
    if (this.#at < this.#text.length) this.#fail();
  }

  #base(): Shape {
    const [word = this.#fail()] = /^[a-z]+/.exec(this.#text.slice(this.#at)) ?? [];
    this.#at += word.length;
    if (word === "string") return { kind: "string", max: this.#bound().length };
    if (word === "opaque") return { kind: "opaque", ...this.#bound() };
    if (word === "struct") return { kind: "struct", fields: this.#braced(() => this.shape()) };
    if (word !== "union") return { kind: "basic", type: word };
    if (!this.#skip("(int)")) this.#fail();
    return { kind: "union", arms: this.#braced(() => this.#arm()) };
  }

  #arm(): [number, Shape] {
    const discriminant = this.#number();
    if (!this.#skip(":")) this.#fail();
    return [discriminant, this.shape()];
  }

  #braced<T>(item: () => T): T[] {
    const items: T[] = [];
    if (!this.#skip("{")) this.#fail();
    while (!this.#skip("}")) {
      if (items.length > 0 && !this.#skip(",")) this.#fail();
      items.push(item());
    }
    return items;
  }

  #bound(): { readonly length: number; readonly fixed: boolean } {
    const fixed = this.#skip("[");
    if (!fixed && !this.#skip("<")) this.#fail();
    const length = this.#number();
    if (!this.#skip(fixed ? "]" : ">")) this.#fail();
    return { length, fixed };
  }

  #number(): number {
    const [digits = this.#fail()] = /^\d+/.exec(this.#text.slice(this.#at)) ?? [];
    this.#at += digits.length;
    return Number(digits);
  }

  get #next(): string {
    return this.#text.charAt(this.#at);
  }

  #skip(text: string): boolean {
    const isThere = this.#text.startsWith(text, this.#at);
    if (isThere) this.#at += text.length;
    return isThere;
  }

  #fail(): never {
    throw new Error(`no layout from character ${this.#at} on: ${this.#text}`);
  }
}
