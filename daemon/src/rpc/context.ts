import type { CallContext, Identity, Log } from "@polyvisor/core";

/** What a call's context takes from the session that it belongs to. */
export interface Caller {
  readonly identity: Identity;
  readonly readOnly: boolean;
  readonly log: Log;
}

/** The context of one call. Signal and log are made only for handlers that ask for them. */
export class SessionCallContext implements CallContext {
  readonly identity: Identity;
  readonly readOnly: boolean;
  readonly #caller: Caller;
  readonly #name: string;
  readonly #serial: number;
  #controller: AbortController | undefined;
  #log: Log | undefined;
  #aborted = false;

  constructor(caller: Caller, name: string, serial: number) {
    this.identity = caller.identity;
    this.readOnly = caller.readOnly;
    this.#caller = caller;
    this.#name = name;
    this.#serial = serial;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  get log(): Log {
    this.#log ??= this.#caller.log.child({ call: this.#name, serial: this.#serial });
    return this.#log;
  }

  /** The client is gone. */
  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}
