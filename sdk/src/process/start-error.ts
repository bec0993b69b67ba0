/** Why a daemon does not start, in words for the person who started it. */
export class StartError extends Error {
  override readonly name = "StartError";
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
