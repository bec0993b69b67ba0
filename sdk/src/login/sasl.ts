import { type CallContext, type LoginMechanisms, VirtError } from "@polyvisor/core";

/** Words of the server in a SASL login; `name` is that of the client once it has proved it, and ends the login. */
export interface SaslAnswer {
  readonly words: string;
  readonly name?: string;
}

/** One client's login by one mechanism. */
export interface SaslExchange {
  /** Rejects, with a reason for the log, where the client has not proved what it says. */
  respond(words: string, context: CallContext): Promise<SaslAnswer>;
}

export interface SaslMechanism {
  /** As registered with IANA. */
  readonly name: string;
  begin(): SaslExchange;
}

/** The contract `auth.v1` of mechanisms that keep an object for each login. */
export function saslMechanisms(mechanisms: readonly SaslMechanism[]): LoginMechanisms {
  const logins = new Map<number, SaslExchange>();
  let last = 0;
  return {
    mechanisms: () => mechanisms.map(({ name }) => name),
    begin({ mechanism }) {
      const chosen = mechanisms.find(({ name }) => name === mechanism);
      if (chosen === undefined) throw new VirtError("INVALID_ARG", `there is no mechanism ${mechanism}`);
      last = (last % 0xffffffff) + 1;
      logins.set(last, chosen.begin());
      return last;
    },
    async respond({ login, words }, context) {
      const exchange = logins.get(login);
      if (exchange === undefined) throw new VirtError("INVALID_ARG", `there is no login ${login}`);
      const { words: answer, name } = await exchange.respond(words, context);
      return { words: answer, done: name !== undefined, name: name ?? null };
    },
    end({ login }) {
      logins.delete(login);
    },
  };
}
