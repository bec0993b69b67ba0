import { type CallContext, type Identity, type Log, type LoginMechanisms, VirtError } from "@polyvisor/core";

/** One mechanism that clients may choose, and who carries it out. */
export interface LoginOffer {
  /** SASL's name of it, or `polkit`. */
  readonly mechanism: string;
  readonly by: LoginMechanisms;
}

/** What a door asks of a client before it lets it do anything. */
export interface LoginTerms {
  /** In the order in which they are offered: those of SASL, or polkit alone. */
  readonly offers: readonly LoginOffer[];
  /** Whether the one who proved this name may come in. */
  mayEnter(name: string): boolean;
}

/** The client that logs in, as its session knows it. */
export interface LoginClient {
  readonly identity: Identity;
  readonly log: Log;
  /** Called once, when the client has proved who it is. */
  loggedIn(proved: Pick<Identity, "saslName">): void;
}

/** `remote_auth_type` */
export const AUTH = { none: 0, sasl: 1, polkit: 2 } as const;

/** What the server says next, and whether that was the last. */
export interface LoginAnswer {
  readonly words: string;
  readonly done: boolean;
}

interface Talk {
  readonly offer: LoginOffer;
  /** The mechanism's own number of this login. */
  readonly login: number;
}

type State =
  | { readonly state: "idle" }
  /** The client knows the names of the mechanisms. */
  | { readonly state: "offered" }
  /** It is the mechanism's turn: the client has nothing to say meanwhile. */
  | { readonly state: "thinking" }
  | { readonly state: "talking"; readonly talk: Talk };

/** The login of one client: what it is offered, and how far it has come. A client may try again after a failure. */
export class Login {
  readonly #terms: LoginTerms;
  readonly #client: LoginClient;
  #state: State = { state: "idle" };

  constructor(terms: LoginTerms, client: LoginClient) {
    this.#terms = terms;
    this.#client = client;
  }

  /** The kinds of login that the client may use. root needs none where polkit would be asked, so that it can mend polkit. */
  offer(): number[] {
    if (this.#polkit !== undefined && this.#client.identity.uid === 0) {
      this.#client.log.info({}, "root need not ask polkit");
      this.#client.loggedIn({});
      return [AUTH.none];
    }
    return [this.#polkit === undefined ? AUTH.sasl : AUTH.polkit];
  }

  /** Begins a SASL login. Answers with the names of the mechanisms, separated by commas. */
  saslInit(context: CallContext): string {
    if (this.#polkit !== undefined || this.#state.state !== "idle") throw this.#untimely(context);
    this.#state = { state: "offered" };
    return this.#terms.offers.map(({ mechanism }) => mechanism).join(",");
  }

  /** The client has chosen a mechanism and says its first words, if the mechanism lets it begin. */
  saslStart(mechanism: string, words: string | undefined, context: CallContext): Promise<LoginAnswer> {
    if (this.#state.state !== "offered") throw this.#untimely(context);
    const offer = this.#terms.offers.find((each) => each.mechanism === mechanism);
    if (offer === undefined) throw this.#failed(`there is no mechanism ${JSON.stringify(mechanism.slice(0, 32))} here`);
    return this.#begin(offer, words ?? "", context);
  }

  saslStep(words: string | undefined, context: CallContext): Promise<LoginAnswer> {
    if (this.#state.state !== "talking") throw this.#untimely(context);
    return this.#respond(this.#state.talk, words ?? "", context);
  }

  /** Asks polkit about the client, which may ask its user for a password: this may take as long as people take. */
  async polkit(context: CallContext): Promise<void> {
    if (this.#polkit === undefined || this.#state.state !== "idle") throw this.#untimely(context);
    await this.#begin(this.#polkit, "", context);
  }

  /** The client has left, and none of its calls runs any more. */
  async end(context: CallContext): Promise<void> {
    if (this.#state.state === "talking") await this.#over(this.#state.talk, context);
  }

  get #polkit(): LoginOffer | undefined {
    return this.#terms.offers.find(({ mechanism }) => mechanism === "polkit");
  }

  async #begin(offer: LoginOffer, words: string, context: CallContext): Promise<LoginAnswer> {
    this.#state = { state: "thinking" };
    let login: number;
    try {
      login = await offer.by.begin({ mechanism: offer.mechanism }, context);
    } catch (error) {
      throw this.#failed(error, offer);
    }
    return this.#respond({ offer, login }, words, context);
  }

  async #respond(talk: Talk, words: string, context: CallContext): Promise<LoginAnswer> {
    this.#state = { state: "thinking" };
    const { offer, login } = talk;
    let answer: Awaited<ReturnType<LoginMechanisms["respond"]>>;
    try {
      answer = await offer.by.respond({ login, words }, context);
    } catch (error) {
      await this.#over(talk, context);
      throw this.#failed(error, offer);
    }
    if (!answer.done) {
      this.#state = { state: "talking", talk };
      return answer;
    }
    await this.#over(talk, context);
    this.#enter(answer.name ?? undefined, offer);
    return answer;
  }

  #enter(name: string | undefined, offer: LoginOffer): void {
    if (name === undefined && offer !== this.#polkit) throw this.#failed("the mechanism proved no name", offer);
    if (name !== undefined && !this.#terms.mayEnter(name))
      throw this.#failed(`${JSON.stringify(name)} is not in sasl_allowed_username_list`, offer);
    this.#client.loggedIn(name === undefined ? {} : { saslName: name });
  }

  async #over({ offer, login }: Talk, context: CallContext): Promise<void> {
    try {
      await offer.by.end({ login }, context);
    } catch (error) {
      this.#client.log.warn({ err: error, mechanism: offer.mechanism }, "a login mechanism failed to end a login");
    }
  }

  /** The client is out of step. What it has begun is over, except what a mechanism still thinks about. */
  #untimely(context: CallContext): VirtError {
    const before = this.#state;
    if (before.state === "talking") void this.#over(before.talk, context);
    const failure = this.#failed("it is not the time for it");
    if (before.state === "thinking") this.#state = before;
    return failure;
  }

  /** What the client hears is the same for every reason, unless the mechanism has words for it: the log says which it was. */
  #failed(thrown: unknown, offer?: LoginOffer): VirtError {
    this.#state = { state: "idle" };
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    this.#client.log.warn({ reason, mechanism: offer?.mechanism }, "a client failed to log in");
    return thrown instanceof VirtError ? thrown : loginFailed();
  }
}

function loginFailed(): VirtError {
  return new VirtError("AUTH_FAILED", "authentication failed", {
    domain: "RPC",
    hint: "the log of the daemon says why",
  });
}
