import { syntax } from "./refusal.js";

/** The words of a command, which are all to be understood. */
export class Words {
  readonly #words: string[];

  constructor(words: readonly string[]) {
    this.#words = [...words];
  }

  /** The next word, which must be there. */
  take(what: string): string {
    const word = this.#words.shift();
    if (word === undefined) throw syntax(`Missing ${what}`);
    return word;
  }

  /** Options as `--name value` or `--name=value`, by the names of which some are known; one that is not known is refused. */
  options(known: Readonly<Record<string, "value" | "flag">>): Map<string, string> {
    const found = new Map<string, string>();
    while (this.#words.length > 0) {
      const [name = "", given] = splitOnce(this.take("option"));
      const kind = known[name];
      if (kind === undefined) throw syntax(`Unknown option: ${name}`);
      found.set(name, kind === "flag" ? "" : (given ?? this.take(`argument for ${name}`)));
    }
    return found;
  }

  get rest(): readonly string[] {
    return this.#words;
  }

  end(): void {
    if (this.#words.length > 0) throw syntax(`Invalid parameter '${this.#words[0]}'`);
  }
}

function splitOnce(word: string): [string, string?] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}
