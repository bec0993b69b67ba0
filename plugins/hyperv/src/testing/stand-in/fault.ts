/** What the server answers where a request is wrong. */
export class Fault extends Error {
  /** The part after `wsman:`, such as `InvalidSelectors`. */
  readonly subcode: string;

  constructor(subcode: string, message: string) {
    super(message);
    this.subcode = subcode;
  }
}
