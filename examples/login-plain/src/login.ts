import { type CallContext, type LoginMechanisms, PLUGIN_CONFIG } from "@polyvisor/core";
import { saslMechanisms } from "@polyvisor/sdk/login";
import { inject, injectable } from "tsyringe";
import { hashOf, isSame, userTable } from "./users.js";

/** What configuration.json promises. */
interface Configuration {
  readonly users: readonly string[];
}

/**
 * SASL's PLAIN (RFC 4616): the client says its name and its password in its first words. Both can be read on the way, so it is
 * for sockets of one machine and for TLS.
 */
@injectable()
export class PlainLogin implements LoginMechanisms {
  readonly #by: LoginMechanisms;

  constructor(@inject(PLUGIN_CONFIG as symbol) { users }: Configuration) {
    const hashes = userTable(users);
    const respond = async (words: string) => {
      const [, name = "", password = ""] = words.split("\0");
      if (!isSame(hashes.get(name), hashOf(name, password)))
        throw new Error(`wrong password of ${JSON.stringify(name)}`);
      return { words: "", name };
    };
    this.#by = saslMechanisms([{ name: "PLAIN", begin: () => ({ respond }) }]);
  }

  mechanisms(args: object, context: CallContext): ReturnType<LoginMechanisms["mechanisms"]> {
    return this.#by.mechanisms(args, context);
  }

  begin(args: { readonly mechanism: string }, context: CallContext): ReturnType<LoginMechanisms["begin"]> {
    return this.#by.begin(args, context);
  }

  respond(
    args: { readonly login: number; readonly words: string },
    context: CallContext,
  ): ReturnType<LoginMechanisms["respond"]> {
    return this.#by.respond(args, context);
  }

  end(args: { readonly login: number }, context: CallContext): ReturnType<LoginMechanisms["end"]> {
    return this.#by.end(args, context);
  }
}
