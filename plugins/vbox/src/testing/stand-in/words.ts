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
    const { options, others } = this.mixed(known);
    if (others.length > 0) throw syntax(`Unknown option: ${others[0]}`);
    return options;
  }

  /** The same among words that are no options. */
  mixed(known: Readonly<Record<string, "value" | "flag">>): { options: Map<string, string>; others: string[] } {
    const options = new Map<string, string>();
    const others: string[] = [];
    while (this.#words.length > 0) {
      const [name = "", given] = splitOnce(this.take("option"));
      const kind = known[name];
      if (kind !== undefined) options.set(name, kind === "flag" ? "" : (given ?? this.take(`argument for ${name}`)));
      else if (name.startsWith("-")) throw syntax(`Unknown option: ${name}`);
      else others.push(name);
    }
    return { options, others };
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
