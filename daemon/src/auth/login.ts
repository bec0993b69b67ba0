import { type Identity, type Log, VirtError } from "@polyvisor/core";
import { askPolkit, type PolkitAuthority } from "./polkit.js";
import type { SaslAnswer, SaslExchange, SaslTerms } from "./sasl/mechanism.js";

/** What a door may ask of a client before it lets it do anything. */
export type LoginTerms =
  | { readonly method: "sasl"; readonly sasl: SaslTerms }
  | { readonly method: "polkit"; readonly authority: PolkitAuthority };

/** The client that logs in, as its session knows it. */
export interface LoginClient {
  readonly identity: Identity;
  readonly readOnly: boolean;
  readonly log: Log;
  /** Called once, when the client has proved who it is. */
  loggedIn(proved: Pick<Identity, "saslName">): void;
}

/** `remote_auth_type` */
export const AUTH = { none: 0, sasl: 1, polkit: 2 } as const;

type Sasl =
  | { readonly state: "idle" }
  | { readonly state: "offered" }
  | { readonly state: "talking"; readonly exchange: SaslExchange };

/** The login of one client: what it is offered, and how far it has come. A client may try again after a failure. */
export class Login {
  readonly #terms: LoginTerms;
  readonly #client: LoginClient;
  #sasl: Sasl = { state: "idle" };
  #asking = false;

  constructor(terms: LoginTerms, client: LoginClient) {
    this.#terms = terms;
    this.#client = client;
  }

  /** The kinds of login that the client may use. root needs none where polkit would be asked, so that it can mend polkit. */
  offer(): number[] {
    if (this.#terms.method === "polkit" && this.#client.identity.uid === 0) {
      this.#client.log.info({}, "root need not ask polkit");
      this.#client.loggedIn({});
      return [AUTH.none];
    }
    return [AUTH[this.#terms.method]];
  }

  /** Begins a SASL login. Answers with the names of the mechanisms, separated by commas. */
  saslInit(): string {
    if (this.#terms.method !== "sasl" || this.#sasl.state !== "idle") throw this.#failed("it is not the time for it");
    this.#sasl = { state: "offered" };
    return this.#terms.sasl.mechanisms.map(({ name }) => name).join(",");
  }

  /** The client has chosen a mechanism and says its first words, if the mechanism lets it begin. */
  saslStart(mechanism: string, words: string | undefined): Promise<SaslAnswer> {
    if (this.#terms.method !== "sasl" || this.#sasl.state !== "offered")
      throw this.#failed("it is not the time for it");
    const chosen = this.#terms.sasl.mechanisms.find(({ name }) => name === mechanism);
    if (chosen === undefined)
      throw this.#failed(`there is no mechanism ${JSON.stringify(mechanism.slice(0, 32))} here`);
    return this.#saslGoOn(this.#terms.sasl, chosen.begin(), words);
  }

  saslStep(words: string | undefined): Promise<SaslAnswer> {
    if (this.#terms.method !== "sasl" || this.#sasl.state !== "talking")
      throw this.#failed("it is not the time for it");
    return this.#saslGoOn(this.#terms.sasl, this.#sasl.exchange, words);
  }

  /** Asks polkit about the client, which may ask its user for a password: this may take as long as people take. */
  async polkit(signal: AbortSignal): Promise<void> {
    if (this.#terms.method !== "polkit" || this.#asking) throw this.#failed("it is not the time for it");
    this.#asking = true;
    try {
      await askPolkit(this.#terms.authority, this.#client, signal);
    } catch (error) {
      this.#client.log.warn({ reason: (error as Error).message }, "a client may not come in: polkit did not agree");
      throw error;
    } finally {
      this.#asking = false;
    }
    this.#client.loggedIn({});
  }

  async #saslGoOn(terms: SaslTerms, exchange: SaslExchange, words: string | undefined): Promise<SaslAnswer> {
    // One word at a time: while a mechanism thinks, the client has nothing to say.
    this.#sasl = { state: "idle" };
    let answer: SaslAnswer;
    try {
      answer = await exchange.respond(words ?? "");
    } catch (error) {
      throw this.#failed((error as Error).message);
    }
    if (answer.name === undefined) {
      this.#sasl = { state: "talking", exchange };
      return answer;
    }
    if (!terms.mayEnter(answer.name))
      throw this.#failed(`${JSON.stringify(answer.name)} is not in sasl_allowed_username_list`);
    this.#client.loggedIn({ saslName: answer.name });
    return answer;
  }

  /** What the client hears is the same for every reason: the log says which it was. */
  #failed(reason: string): VirtError {
    this.#sasl = { state: "idle" };
    this.#client.log.warn({ reason }, "a client failed to log in");
    return loginFailed();
  }
}

function loginFailed(): VirtError {
  return new VirtError("AUTH_FAILED", "authentication failed", {
    domain: "RPC",
    hint: "the log of the daemon says why",
  });
}
