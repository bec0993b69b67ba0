// What libvirt's protocol files declare, in the notation of `Codec.layout` and by the names of their fields.

const BASIC = {
  int: "int",
  "unsigned int": "uint",
  unsigned: "uint",
  hyper: "hyper",
  "unsigned hyper": "uhyper",
  double: "double",
  char: "char",
  "unsigned char": "uchar",
  "unsigned short": "ushort",
};

const DECLARATION =
  /^(?<type>(?:struct |unsigned )?\w+)\s*(?<star>\*?)\s*(?<name>\w+)\s*(?:(?<open>[<[])\s*(?<bound>\w+)\s*[>\]])?$/;

/** The declarations of all files together: a file may use what another one declares. */
export class Declarations {
  #numbers;
  #structs = new Map();
  #unions = new Map();
  #aliases = new Map();
  #enums = new Set();

  /** @param numbers what the files take from elsewhere */
  constructor(texts, numbers) {
    this.#numbers = { ...numbers };
    for (const text of texts) this.#read(text.replace(/^%.*$/gm, "").replace(/\/\*[\s\S]*?\*\//g, ""));
  }

  /** The fields of a struct by their names. */
  fieldsOf(struct) {
    return this.#structs.get(struct);
  }

  /** The struct behind a type's names, if any. */
  structBehind(type) {
    const name = type.replace(/^struct /, "");
    const alias = this.#aliases.get(name);
    if (alias !== undefined && alias.type !== `struct ${name}`) return this.structBehind(alias.type);
    return this.#structs.has(name) ? name : undefined;
  }

  layoutOfStruct(struct) {
    return `struct{${this.fieldsOf(struct)
      .map((field) => this.#layout(field))
      .join(",")}}`;
  }

  #read(text) {
    for (const [, name, value] of text.matchAll(/\bconst (\w+)\s*=\s*(\w+);/g))
      this.#numbers[name] = this.#number(value);
    for (const [, name] of text.matchAll(/\benum (\w+) \{/g)) this.#enums.add(name);
    for (const [, name, body] of text.matchAll(/\bstruct (\w+) \{([^}]*)\}/g)) this.#structs.set(name, fieldsIn(body));
    for (const [, declared] of text.matchAll(/\btypedef ([^;]+);/g)) {
      const field = fieldOf(declared);
      this.#aliases.set(field.name, field);
    }
    for (const [, name, body] of text.matchAll(/\bunion (\w+) switch \([^)]*\) \{([^}]*)\}/g))
      this.#unions.set(name, armsIn(body));
  }

  #number(word) {
    return this.#numbers[word] ?? Number(word);
  }

  #layout({ type, star, open, bound }) {
    const length = bound === undefined ? undefined : this.#number(bound);
    if (type === "string") return `string<${length}>`;
    const base = type === "opaque" ? "opaque" : this.#base(type);
    if (open === "[") return `${base}[${length}]`;
    if (open === "<") return `${base}<${length}>`;
    return star === "*" ? `${base}?` : base;
  }

  #base(type) {
    if (type in BASIC) return BASIC[type];
    const name = type.replace(/^struct /, "");
    const alias = this.#aliases.get(name);
    if (alias !== undefined && alias.type !== `struct ${name}`) return this.#layout(alias);
    if (this.#enums.has(name)) return "int";
    const arms = this.#unions.get(name);
    if (arms === undefined) return this.layoutOfStruct(name);
    const texts = arms.map(([value, field]) => `${this.#number(value)}:${this.#layout(field)}`);
    return `union(int){${texts.join(",")}}`;
  }
}

function fieldsIn(body) {
  return body
    .split(";")
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .map(fieldOf);
}

function armsIn(body) {
  return [...body.matchAll(/case (\w+):\s*([^;]+);/g)].map(([, value, declared]) => [value, fieldOf(declared)]);
}

function fieldOf(declared) {
  const found = DECLARATION.exec(declared.trim().replace(/\s+/g, " "));
  if (found === null) throw new Error(`no declaration: ${declared}`);
  return found.groups;
}
