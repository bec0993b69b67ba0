import type { Socket } from "node:net";
import { CLIENT_TRANSPORT, type Identity, type Log } from "@polyvisor/core";
import { Login, type LoginClient, type LoginTerms } from "../auth/login.js";

/** One client as the server that accepted it knows it. */
export interface ClientInfo {
  /** Unique in the life of a server, counted from 1. */
  readonly id: number;
  readonly identity: Identity;
  /** It came by the read-only socket. */
  readonly readOnly: boolean;
  /** It is the host that this process serves, and says for whom it asks. */
  readonly isHost: boolean;
  readonly log: Log;
  /** The address from which it came over a network. */
  readonly peer?: string;
  /** What it has to prove before it may do anything, and whom that concerns once it has. */
  readonly login?: { readonly terms: LoginTerms; known(): void };
}

/** Who a client is, and what it may do whatever it opens. */
export class SessionClient implements LoginClient {
  readonly id: number;
  /** When it came, in milliseconds since 1970. */
  readonly since = Date.now();
  readonly #socket: Socket;
  readonly #info: ClientInfo;
  #identity: Identity;
  /** Who it is itself, once it speaks for somebody else. */
  #proxy: Identity | undefined;
  /** There until the client has proved who it is, where it has to. */
  #login: Login | undefined;
  #log: Log | undefined;
  #readOnly: boolean;

  constructor(socket: Socket, info: ClientInfo) {
    this.id = info.id;
    this.#socket = socket;
    this.#info = info;
    this.#identity = info.identity;
    this.#readOnly = info.readOnly;
    this.#login = info.login === undefined ? undefined : new Login(info.login.terms, this);
  }

  /** For whom it asks: itself, unless it is a proxy that has said otherwise. */
  get identity(): Identity {
    return this.#identity;
  }

  /** Most clients come and go without a line in the log, so theirs is made when it is needed. */
  get log(): Log {
    if (this.#log === undefined) {
      const { id, log, peer } = this.#info;
      const by = this.#proxy;
      this.#log = log.child({ client: id, ...inLog(this.#identity), peer, ...(by && { by: inLog(by) }) });
    }
    return this.#log;
  }

  /** The login that the client has not finished; `undefined` once it has, and where none is asked. */
  get login(): Login | undefined {
    return this.#login;
  }

  loggedIn(proved: Pick<Identity, "saslName">): void {
    this.#login = undefined;
    this.#identity = { ...this.#identity, ...proved };
    this.#log = undefined;
    this.#info.login?.known();
  }

  /** The client has left: a login that it had begun is told so. */
  async end(): Promise<void> {
    await this.#login?.end({
      identity: this.#identity,
      readOnly: this.#readOnly,
      signal: AbortSignal.abort(),
      log: this.log,
    });
  }

  get isHost(): boolean {
    return this.#info.isHost;
  }

  /** The host says for whom the connection is: nobody else is behind it. */
  standFor(identity: Identity): void {
    this.#identity = identity;
    this.#log = undefined;
  }

  /** From now on calls are made, judged and logged in the name of somebody else; the log tells of both. */
  speakFor(identity: Identity): void {
    this.#proxy ??= this.#identity;
    this.#identity = identity;
    this.#log = undefined;
    this.log.info({}, "a client speaks for somebody else from now on");
  }

  get readOnly(): boolean {
    return this.#readOnly;
  }

  /** The client wants to look only. There is no way back. */
  becomeReadOnly(): void {
    this.#readOnly = true;
  }

  /** How it came: one of `CLIENT_TRANSPORT`. */
  get transport(): number {
    if (this.#info.peer === undefined) return CLIENT_TRANSPORT.UNIX;
    return "encrypted" in this.#socket ? CLIENT_TRANSPORT.TLS : CLIENT_TRANSPORT.TCP;
  }

  /** Address and port of a client that came over a network. */
  get address(): string | undefined {
    return this.#info.peer === undefined ? undefined : `${this.#info.peer}:${this.#socket.remotePort}`;
  }
}

function inLog({ pid, uid, saslName: user, x509Name: certificate }: Identity) {
  return { pid, uid, user, certificate };
}
