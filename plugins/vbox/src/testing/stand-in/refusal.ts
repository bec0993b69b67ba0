/** What VBoxManage prints and ends with when it does not do what it was told. */
export class Refusal extends Error {
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }

  /** The lines for the standard error. */
  get lines(): string {
    const details =
      this.code === undefined
        ? ""
        : `VBoxManage: error: Details: code ${this.code} (0x80bb0000), component MachineWrap\n`;
    return `VBoxManage: error: ${this.message}\n${details}`;
  }
}

export function syntax(message: string): Refusal {
  return new Refusal(message);
}
