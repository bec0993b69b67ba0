import type { CallContext, Identity, Log } from "@polyvisor/core";

/** What a call's context takes from the session that it belongs to. */
export interface Caller {
  /** The client's number. */
  readonly id: number;
  /** What the client has opened. */
  readonly uri?: string | undefined;
  readonly identity: Identity;
  readonly readOnly: boolean;
  readonly log: Log;
}

/** The context of one call. Signal and log are made only for handlers that ask for them. */
export class SessionCallContext implements CallContext {
  readonly identity: Identity;
  readonly readOnly: boolean;
  /** The call's number among those of its client, which chose it. */
  readonly serial: number;
  readonly #caller: Caller;
  readonly #name: string;
  #controller: AbortController | undefined;
  #log: Log | undefined;
  #aborted = false;

  constructor(caller: Caller, name: string, serial: number) {
    this.identity = caller.identity;
    this.readOnly = caller.readOnly;
    this.#caller = caller;
    this.#name = name;
    this.serial = serial;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Whatever is done for a call is logged with its request's id: the numbers of client and call. */
  get log(): Log {
    this.#log ??= this.#caller.log.child({
      request: `${this.#caller.id}.${this.serial}`,
      call: this.#name,
      ...(this.#caller.uri === undefined ? {} : { uri: this.#caller.uri }),
    });
    return this.#log;
  }

  /** The client is gone. */
  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}
