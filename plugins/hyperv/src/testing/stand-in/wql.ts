import { Fault } from "./fault.js";
import type { Instance } from "./world.js";

/** A query as the server understands it. */
export type Query =
  | { readonly kind: "select"; readonly className: string; readonly where: Condition }
  | {
      readonly kind: "associators";
      readonly className: string;
      readonly keys: ReadonlyMap<string, string>;
      readonly assocClass: string | undefined;
      readonly resultClass: string;
    };

/** `server` is what `__SERVER` stands for. */
export type Condition = (instance: Instance, server: string) => boolean;

const TOKEN = /\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[{}(),]|[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)?|-?\d+|!=|<>|=|\*)/y;

/** A WQL query. Fails with a fault for what is none. */
export function parseWql(text: string): Query {
  const words = tokens(text);
  const query = new Reader(words, text).query();
  return query;
}

function tokens(text: string): string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const [, word] = TOKEN.exec(text) ?? [];
    if (word === undefined) throw new Fault("InvalidParameter", `the query is no WQL: ${text}`);
    found.push(word);
  }
  return found;
}

class Reader {
  readonly #words: string[];
  readonly #text: string;

  constructor(words: string[], text: string) {
    this.#words = words;
    this.#text = text;
  }

  query(): Query {
    const query = this.#is("SELECT") ? this.#select() : this.#associators();
    if (this.#words.length > 0) throw this.#wrong();
    return query;
  }

  #select(): Query {
    this.#need("SELECT");
    this.#need("*");
    this.#need("FROM");
    const className = this.#take();
    if (this.#words.length === 0) return { kind: "select", className, where: () => true };
    this.#need("WHERE");
    return { kind: "select", className, where: this.#either() };
  }

  #associators(): Query {
    this.#need("ASSOCIATORS");
    this.#need("OF");
    this.#need("{");
    const [className = "", first = ""] = this.#take().split(".");
    const keys = new Map([[first, this.#value()]]);
    while (this.#is(",")) {
      this.#need(",");
      keys.set(this.#take(), this.#value());
    }
    this.#need("}");
    this.#need("WHERE");
    const found = new Map<string, string>();
    while (this.#words.length > 0) {
      const name = this.#take();
      this.#need("=");
      found.set(name.toLowerCase(), this.#take());
    }
    const resultClass = found.get("resultclass");
    if (resultClass === undefined) throw this.#wrong();
    return { kind: "associators", className, keys, assocClass: found.get("assocclass"), resultClass };
  }

  #value(): string {
    this.#need("=");
    return literal(this.#take());
  }

  #either(): Condition {
    let left = this.#both();
    while (this.#is("OR")) {
      this.#need("OR");
      const [first, second] = [left, this.#both()];
      left = (instance, server) => first(instance, server) || second(instance, server);
    }
    return left;
  }

  #both(): Condition {
    let left = this.#one();
    while (this.#is("AND")) {
      this.#need("AND");
      const [first, second] = [left, this.#one()];
      left = (instance, server) => first(instance, server) && second(instance, server);
    }
    return left;
  }

  #one(): Condition {
    if (this.#is("(")) {
      this.#need("(");
      const inside = this.#either();
      this.#need(")");
      return inside;
    }
    const property = this.#take();
    const operator = this.#take().toUpperCase();
    const word = this.#take();
    const wanted = (server: string) => (word.toUpperCase() === "__SERVER" ? server : literal(word));
    const valueIn = ({ properties, path }: Instance): string => {
      if (property.toUpperCase() === "__PATH") return path;
      return String(properties[property] ?? "");
    };
    const isSame = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
    if (operator === "=") return (instance, server) => isSame(valueIn(instance), wanted(server));
    if (operator === "!=" || operator === "<>") return (instance, server) => !isSame(valueIn(instance), wanted(server));
    if (operator !== "LIKE") throw this.#wrong();
    const parts = literal(word)
      .split("%")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const pattern = new RegExp(`^${parts.join(".*")}$`, "is");
    return (instance) => pattern.test(valueIn(instance));
  }

  #is(word: string): boolean {
    return this.#words[0]?.toUpperCase() === word;
  }

  #need(word: string): void {
    if (!this.#is(word)) throw this.#wrong();
    this.#words.shift();
  }

  #take(): string {
    const word = this.#words.shift();
    if (word === undefined) throw this.#wrong();
    return word;
  }

  #wrong(): Fault {
    return new Fault("InvalidParameter", `the query is no WQL: ${this.#text}`);
  }
}

function literal(word: string): string {
  return /^['"]/.test(word) ? word.slice(1, -1).replace(/\\(.)/g, "$1") : word;
}
