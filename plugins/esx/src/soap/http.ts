import { setMaxListeners } from "node:events";
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { VirtError } from "@polyvisor/core";
import { esxError } from "./error.js";
import { connectThrough, type ProxyAddress } from "./proxy.js";

export interface HttpTarget {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** Whether the server's certificate must be good. */
  readonly verify: boolean;
  /** Certificates of authorities beside Node's own, in PEM. */
  readonly authorities: readonly string[];
  readonly proxy: ProxyAddress | undefined;
  /** How long an exchange may take, in milliseconds. */
  readonly deadline: number;
}

export interface HttpExchange {
  readonly method: "GET" | "POST" | "PUT";
  /** With its query. */
  readonly path: string;
  readonly body?: string | undefined;
  readonly type?: string;
  /** Milliseconds more than usual, for calls that wait on purpose. */
  readonly patience?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** More than any answer to the driver's calls. */
const ANSWER_MAX = 64 * 1024 * 1024;

/** Exchanges with one server: connections that are used again, its cookies, a deadline for each. */
export class HttpClient {
  readonly target: HttpTarget;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #cookies = new Map<string, string>();
  readonly #closing = new AbortController();

  constructor(target: HttpTarget) {
    this.target = target;
    // each exchange under way listens
    setMaxListeners(0, this.#closing.signal);
    const options = { keepAlive: true, maxSockets: 8 };
    this.#agent = target.secure ? new HttpsAgent({ ...options, ...tlsOptions(target) }) : new HttpAgent(options);
    if (target.proxy !== undefined) leadThrough(this.#agent, target, target.proxy, this.#closing.signal);
  }

  /** Ends all exchanges. */
  close(): void {
    this.#closing.abort();
    this.#agent.destroy();
  }

  /** Rejects with libvirt's words for what goes wrong below the server's own answers. */
  async exchange(exchange: HttpExchange): Promise<HttpAnswer> {
    const response = await this.open(exchange);
    const { deadline } = this.target;
    const parts: Buffer[] = [];
    let length = 0;
    const late = setTimeout(() => response.destroy(timedOut(deadline)), deadline + (exchange.patience ?? 0));
    try {
      for await (const part of response as AsyncIterable<Buffer>) {
        parts.push(part);
        length += part.length;
        if (length > ANSWER_MAX)
          throw esxError("INTERNAL_ERROR", "Download length it too large", "an answer has an end");
      }
    } catch (error) {
      throw wordsOf(error, this.target);
    } finally {
      clearTimeout(late);
    }
    return { status: response.statusCode ?? 0, body: Buffer.concat(parts) };
  }

  /** The answer as it comes: its head within the deadline. A connection that the server had closed meanwhile is replaced. */
  async open(exchange: HttpExchange): Promise<IncomingMessage> {
    try {
      return await this.#send(exchange);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw wordsOf(error, this.target);
    }
    return this.#send(exchange).catch((error: unknown) => {
      throw wordsOf(error instanceof StaleConnection ? error.cause : error, this.target);
    });
  }

  #send({ method, path, body, type, patience = 0 }: HttpExchange): Promise<IncomingMessage> {
    const { host, port, secure, deadline } = this.target;
    if (this.#closing.signal.aborted) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      const headers: Record<string, string | number> = { "User-Agent": "polyvisor-esx" };
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      if (cookie !== "") headers.Cookie = cookie;
      if (body !== undefined) {
        headers["Content-Type"] = type ?? "text/xml; charset=UTF-8";
        headers["Content-Length"] = Buffer.byteLength(body);
      }
      const ask = secure ? httpsRequest : httpRequest;
      const { signal } = this.#closing;
      const sending: ClientRequest = ask({ host, port, method, path, headers, agent: this.#agent });
      const give = (error: Error): void => {
        done();
        // a request that waits for its connection does not say that it was ended
        sending.destroy(error);
        reject(error);
      };
      const late = setTimeout(() => give(timedOut(deadline)), deadline + patience);
      const onClose = () => give(closed());
      signal.addEventListener("abort", onClose, { once: true });
      const done = () => {
        clearTimeout(late);
        signal.removeEventListener("abort", onClose);
      };
      sending.on("error", (error: NodeJS.ErrnoException) => {
        done();
        const isStale = sending.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        reject(isStale ? new StaleConnection("stale", { cause: error }) : error);
      });
      sending.once("response", (response) => {
        done();
        const onEnd = () => response.destroy(closed());
        signal.addEventListener("abort", onEnd);
        response.once("close", () => signal.removeEventListener("abort", onEnd));
        this.#remember(response.headers["set-cookie"] ?? []);
        resolve(response);
      });
      sending.end(body);
    });
  }

  #remember(cookies: readonly string[]): void {
    for (const cookie of cookies) {
      const [, name = "", value = ""] = /^\s*([^=;\s]+)=([^;]*)/.exec(cookie) ?? [];
      if (name !== "") this.#cookies.set(name, value);
    }
  }
}

class StaleConnection extends Error {}

function tlsOptions({ verify, authorities }: HttpTarget): { rejectUnauthorized: boolean; ca?: string[] } {
  return { rejectUnauthorized: verify, ...(authorities.length === 0 ? {} : { ca: [...authorities] }) };
}

type CreateConnection = (options: unknown, done: (error: Error | null, socket?: Socket) => void) => undefined;

/** Has an agent's connections go by way of a proxy. */
function leadThrough(agent: HttpAgent, target: HttpTarget, proxy: ProxyAddress, signal: AbortSignal): void {
  const create: CreateConnection = (_, done) => {
    const ending = AbortSignal.any([signal, AbortSignal.timeout(target.deadline)]);
    connectThrough(proxy, target.host, target.port, ending).then(
      (socket) => {
        if (!target.secure) return done(null, socket);
        const secured = connectTls({ socket, servername: target.host, ...tlsOptions(target) });
        const onEnding = () => secured.destroy(timedOut(target.deadline));
        ending.addEventListener("abort", onEnding, { once: true });
        secured.once("secureConnect", () => ending.removeEventListener("abort", onEnding));
        secured.once("secureConnect", () => done(null, secured)).once("error", (error) => done(error));
      },
      (error: Error) => done(error),
    );
    return undefined;
  };
  Object.assign(agent, { createConnection: create });
}

function timedOut(deadline: number): VirtError {
  const detail = `curl_easy_perform() returned an error: Timeout was reached (28) : Operation timed out after ${deadline} milliseconds`;
  return esxError("INTERNAL_ERROR", detail, "the server does not answer: is it up, and is the way to it free?");
}

function closed(): VirtError {
  return esxError("OPERATION_INVALID", "the connection is closed");
}

/** The numbers and words of the library that libvirt uses: scripts know them. */
const CONNECT_ERRORS: ReadonlySet<string> = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"]);
const DNS_ERRORS: ReadonlySet<string> = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL"]);

function wordsOf(error: unknown, { host, port, deadline }: HttpTarget): unknown {
  if (!(error instanceof Error) || "detail" in error) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  const failed = (words: string, hint: string) =>
    esxError("INTERNAL_ERROR", `curl_easy_perform() returned an error: ${words} : ${message}`, hint, { cause: error });
  if (error.name === "AbortError" || code === "ABORT_ERR") return closed();
  if (CONNECT_ERRORS.has(code)) {
    return failed("Couldn't connect to server (7)", `is there a vSphere server at ${host}, port ${port}?`);
  }
  if (DNS_ERRORS.has(code)) {
    const detail = `IP address lookup for host '${host}' failed: Name or service not known`;
    return esxError("INTERNAL_ERROR", detail, "look at the host of the URI", { cause: error });
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|ERR_TLS_/.test(code)) {
    const hint = "say in esx.conf which authorities to trust (ca_file), or trust any certificate with no_verify=1";
    return failed("SSL peer certificate or SSH remote key was not OK (60)", hint);
  }
  if (/^(?:EPROTO|ERR_SSL)/.test(code)) return failed("SSL connect error (35)", "is it transport=http?");
  if (code === "ECONNRESET" || code === "EPIPE") {
    return failed("Failure when receiving data from the peer (56)", "the server closed the connection");
  }
  return failed("Couldn't connect to server (7)", `tried for at most ${deadline} ms`);
}
