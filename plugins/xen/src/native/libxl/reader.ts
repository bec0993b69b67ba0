/**
 * A part of what libxl printed, whatever it may be: each member is undefined (or empty) where it is not there or of another type.
 */
export class LibxlReader {
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    this.#members = typeof value === "object" && value !== null ? { ...value } : {};
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#members, name) ? this.#members[name] : undefined;
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  part(name: string): LibxlReader {
    return new LibxlReader(this.#get(name));
  }

  parts(name: string): readonly LibxlReader[] {
    return this.#list(name).map((each) => new LibxlReader(each));
  }

  string(name: string): string | undefined {
    const value = this.#get(name);
    return typeof value === "string" && value !== "" ? value : undefined;
  }

  strings(name: string): readonly string[] {
    return this.#list(name).filter((each) => typeof each === "string");
  }

  /** A whole number that is not negative. */
  number(name: string): number | undefined {
    const value = this.#get(name);
    return isNatural(value) ? value : undefined;
  }

  numbers(name: string): readonly number[] {
    return naturals(this.#list(name));
  }

  numberLists(name: string): readonly (readonly number[])[] {
    return this.#list(name).map((each) => naturals(Array.isArray(each) ? each : []));
  }

  /** libxl's three-valued truth, and JSON's. */
  truth(name: string): boolean | undefined {
    const value = this.#get(name);
    if (typeof value === "boolean") return value;
    return value === "True" ? true : value === "False" ? false : undefined;
  }

  #list(name: string): readonly unknown[] {
    const value = this.#get(name);
    return Array.isArray(value) ? value : [];
  }
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function naturals(values: readonly unknown[]): readonly number[] {
  return values.filter(isNatural);
}
