import { childElements, textOf, type XmlElement } from "@polyvisor/sdk/xml";
import { hypervError } from "../errors.js";
import { localName } from "../wsman/reply.js";

/** An object of the server: its properties as text. What is null there is not here. */
export class Instance {
  readonly className: string;
  readonly #properties: ReadonlyMap<string, readonly string[]>;

  constructor(className: string, properties: ReadonlyMap<string, readonly string[]>) {
    this.className = className;
    this.#properties = properties;
  }

  static read(className: string, element: XmlElement): Instance {
    const properties = new Map<string, string[]>();
    for (const property of childElements(element)) {
      if (property.attributes.some(({ name, value }) => name.endsWith(":nil") && value === "true")) continue;
      const name = localName(property);
      const values = properties.get(name) ?? [];
      values.push(textOf(property));
      properties.set(name, values);
    }
    return new Instance(className, properties);
  }

  text(name: string): string | undefined {
    return this.#properties.get(name)?.[0];
  }

  /** The values of an array. */
  list(name: string): readonly string[] {
    return this.#properties.get(name) ?? [];
  }

  /** Throws where the server does not say it. */
  required(name: string): string {
    const value = this.text(name);
    if (value !== undefined && value !== "") return value;
    throw hypervError("INTERNAL_ERROR", `Missing '${name}' property of ${this.className}`, "the user may lack rights");
  }

  /** A whole number that is not negative; `fallback` where there is none, and an error where there is no fallback. */
  number(name: string, fallback?: number): number {
    const written = this.text(name)?.trim();
    if ((written === undefined || written === "") && fallback !== undefined) return fallback;
    const value = /^\d+$/.test(written ?? "") ? Number(written) : Number.NaN;
    if (Number.isSafeInteger(value)) return value;
    const detail = `'${name}' property of ${this.className} is no number`;
    throw hypervError("INTERNAL_ERROR", detail, "the server answered something else");
  }
}
