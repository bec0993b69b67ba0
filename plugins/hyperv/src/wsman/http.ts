import { setMaxListeners } from "node:events";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { hypervError } from "../errors.js";
import { accountOf, authenticateMessage, negotiateMessage, readChallenge } from "./ntlm.js";
import { transportError } from "./transport-error.js";

export interface HttpTarget {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** Whether the server's certificate must be good. */
  readonly verify: boolean;
  /** Certificates of authorities beside Node's own, in PEM. */
  readonly authorities: readonly string[];
  /** How long an exchange may take, with logging in, in milliseconds. */
  readonly deadline: number;
  readonly user: string;
  readonly password: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

interface RawAnswer extends HttpAnswer {
  readonly challenges: readonly string[];
}

/** A connection to the server: one exchange at a time, as logging in with NTLM is for the connection. */
interface Lane {
  readonly agent: HttpAgent;
  isLoggedIn: boolean;
}

type Scheme = "none" | "Basic" | "Negotiate" | "NTLM";

const PATH = "/wsman";
const LANES_MAX = 6;
/** More than any answer to the driver's questions. */
const ANSWER_MAX = 64 * 1024 * 1024;

/** Exchanges with one server over connections that are used again. Logs in as the server wants it: Negotiate before Basic. */
export class HttpClient {
  readonly #target: HttpTarget;
  readonly #closing = new AbortController();
  readonly #free: Lane[] = [];
  readonly #waiting: ((lane: Lane) => void)[] = [];
  #lanes = 0;
  #scheme: Scheme | undefined;

  constructor(target: HttpTarget) {
    this.#target = target;
    // each exchange under way listens
    setMaxListeners(0, this.#closing.signal);
  }

  /** Ends all exchanges. */
  close(): void {
    this.#closing.abort();
    for (const { agent } of this.#free) agent.destroy();
  }

  /** Rejects in libvirt's words for what goes wrong below the server's own answers; `what` is what is being done. */
  async post(body: string, what: string): Promise<HttpAnswer> {
    const lane = await this.#take();
    const late = AbortSignal.timeout(this.#target.deadline);
    const signal = AbortSignal.any([this.#closing.signal, late]);
    try {
      return await this.#inLane(lane, body, signal);
    } catch (error) {
      lane.isLoggedIn = false;
      if (this.#closing.signal.aborted) throw closed();
      throw transportError(error, what, { ...this.#target, isLate: late.aborted });
    } finally {
      this.#give(lane);
    }
  }

  #take(): Lane | Promise<Lane> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#lanes < LANES_MAX) {
      this.#lanes++;
      const { secure, verify, authorities } = this.#target;
      const options = { keepAlive: true, maxSockets: 1 };
      const tls = { rejectUnauthorized: verify, ...(authorities.length === 0 ? {} : { ca: [...authorities] }) };
      return { agent: secure ? new HttpsAgent({ ...options, ...tls }) : new HttpAgent(options), isLoggedIn: false };
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #give(lane: Lane): void {
    if (this.#closing.signal.aborted) lane.agent.destroy();
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(lane);
    else next(lane);
  }

  async #inLane(lane: Lane, body: string, signal: AbortSignal): Promise<HttpAnswer> {
    const { user, password } = this.#target;
    this.#scheme ??= schemeOf(await this.#send(lane, "", undefined, signal));
    const scheme = this.#scheme;
    if (scheme === "none") return this.#send(lane, body, undefined, signal);
    if (scheme === "Basic") {
      return this.#send(lane, body, `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`, signal);
    }
    if (lane.isLoggedIn) {
      const answer = await this.#send(lane, body, undefined, signal);
      if (answer.status !== 401) return answer;
    }
    const hello = await this.#send(lane, "", `${scheme} ${negotiateMessage().toString("base64")}`, signal);
    const challenge = readChallenge(Buffer.from(tokenIn(hello.challenges, scheme), "base64"));
    if (challenge === undefined) return hello;
    const proof = authenticateMessage(accountOf(user, password), challenge).toString("base64");
    const answer = await this.#send(lane, body, `${scheme} ${proof}`, signal);
    lane.isLoggedIn = answer.status !== 401;
    return answer;
  }

  /** A connection that the server had closed meanwhile is replaced. */
  async #send(lane: Lane, body: string, login: string | undefined, signal: AbortSignal): Promise<RawAnswer> {
    try {
      return await this.#sendOnce(lane, body, login, signal);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
    }
    lane.isLoggedIn = false;
    return this.#sendOnce(lane, body, login, signal);
  }

  async #sendOnce({ agent }: Lane, body: string, login: string | undefined, signal: AbortSignal): Promise<RawAnswer> {
    const { host, port, secure } = this.#target;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers: Record<string, string | number> = {
        "User-Agent": "polyvisor-hyperv",
        "Content-Type": "application/soap+xml;charset=UTF-8",
        "Content-Length": Buffer.byteLength(body),
      };
      if (login !== undefined) headers.Authorization = login;
      const ask = secure ? httpsRequest : httpRequest;
      const sending = ask({ host, port, method: "POST", path: PATH, headers, agent, signal });
      sending.on("error", (error: NodeJS.ErrnoException) => {
        const isStale = sending.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        reject(isStale ? new StaleConnection("stale", { cause: error }) : error);
      });
      sending.once("response", resolve);
      sending.end(body);
    });
    const challenges = [response.headers["www-authenticate"] ?? []].flat();
    return { status: response.statusCode ?? 0, body: await textIn(response), challenges };
  }
}

class StaleConnection extends Error {}

async function textIn(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length > ANSWER_MAX) throw hypervError("INTERNAL_ERROR", "the answer is too long", "an answer has an end");
  }
  return Buffer.concat(parts).toString();
}

/** Of the ways to log in that a server offers, the one that does not show it the password. */
function schemeOf({ status, challenges }: RawAnswer): Scheme {
  if (status !== 401) return "none";
  // node joins what comes in several headers
  const offered = challenges
    .flatMap((each) => each.split(","))
    .map((each) => each.trim().split(/\s/)[0]?.toLowerCase());
  if (offered.includes("negotiate")) return "Negotiate";
  return offered.includes("ntlm") ? "NTLM" : "Basic";
}

function tokenIn(challenges: readonly string[], scheme: string): string {
  const found = challenges
    .flatMap((each) => each.split(","))
    .map((each) => each.trim().split(/\s+/))
    .find(([name]) => name?.toLowerCase() === scheme.toLowerCase());
  return found?.[1] ?? "";
}

function closed() {
  return hypervError("OPERATION_INVALID", "the connection is closed", "connect again");
}
