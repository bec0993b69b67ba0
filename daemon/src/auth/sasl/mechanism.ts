/** Words of the server in a SASL login; `name` is that of the client once it has proved it, and ends the login. */
export interface SaslAnswer {
  readonly words: string;
  readonly name?: string;
}

/** One client's login by one mechanism. */
export interface SaslExchange {
  /** Rejects, with a reason for the log, where the client has not proved what it says. */
  respond(words: string): Promise<SaslAnswer>;
}

export interface SaslMechanism {
  /** As registered with IANA. */
  readonly name: string;
  begin(): SaslExchange;
}

/** How clients log in by SASL, and which of those that can may. */
export interface SaslTerms {
  readonly mechanisms: readonly SaslMechanism[];
  mayEnter(name: string): boolean;
}
