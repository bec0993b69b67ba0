/** The lines of a VMX file, as they are written. */
export class VmxLines {
  #text = "";

  add(name: string, value: string | number): void {
    this.#text += `${name} = "${value}"\n`;
  }

  /** Nothing for what is not said. */
  addIf(name: string, value: string | number | undefined): void {
    if (value !== undefined) this.add(name, value);
  }

  toString(): string {
    return this.#text;
  }
}
