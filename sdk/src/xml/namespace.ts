/** The namespace declarations of an element that has some, and of all around it. */
export class Scope {
  readonly #outer: Scope | undefined;
  /** Also remembers what was found further out: a prefix is looked up once, however deep it is used. */
  readonly #known = new Map<string, string>();

  constructor(outer: Scope | undefined) {
    this.#outer = outer;
  }

  declare(prefix: string, uri: string): void {
    this.#known.set(prefix, uri);
  }

  /** The URI of an element's name, `""` for none. */
  uriOf(name: string): string {
    const colon = name.indexOf(":");
    return this.#find(colon < 0 ? "" : name.slice(0, colon));
  }

  #find(prefix: string): string {
    let uri = this.#known.get(prefix);
    if (uri === undefined) {
      uri = this.#outer === undefined ? "" : this.#outer.#find(prefix);
      this.#known.set(prefix, uri);
    }
    return uri;
  }
}
