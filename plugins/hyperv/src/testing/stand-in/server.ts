import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { Answerer } from "./answer.js";
import { Ntlm } from "./ntlm.js";
import { World } from "./world.js";

export interface StandInOptions {
  readonly user: string;
  readonly password: string;
  /** With it the server speaks https. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** What logins it offers; both where this is left out. */
  readonly logins?: readonly ("Basic" | "Negotiate")[];
  /** The most items that one answer has: 20 where this is left out. */
  readonly pageSize?: number;
}

export interface StandIn {
  readonly port: number;
  readonly world: World;
  /** How many messages it has answered. */
  readonly exchanges: number;
  /** From now on it takes messages and says nothing. */
  silence(): void;
  close(): void;
}

/**
 * A server of WS-Management with Hyper-V's classes, on loopback, for tests: there is no other to be had here. It knows what
 * the documentation says and what libvirt's driver was seen to send, not what Windows does.
 */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const { tls, logins = ["Basic", "Negotiate"], pageSize = 20 } = options;
  const world = new World();
  const answerer = new Answerer(world, pageSize);
  const connections = new WeakMap<Socket, Ntlm>();
  let [exchanges, isSilent] = [0, false];
  const listener: RequestListener = async (request, response) => {
    const body = await bodyOf(request);
    if (isSilent) return;
    if (request.method !== "POST" || request.url !== "/wsman") return void response.writeHead(404).end();
    const ntlm = connections.get(request.socket) ?? new Ntlm(options);
    connections.set(request.socket, ntlm);
    const login = loginOf(request, options, ntlm);
    const isOffered = login.scheme !== undefined && logins.includes(login.scheme);
    if (!login.isIn || !isOffered) {
      const offers = logins.map((each) => (each === "Basic" ? 'Basic realm="WSMAN"' : each));
      const challenge = login.challenge !== undefined && isOffered ? [`Negotiate ${login.challenge}`] : offers;
      return void response.writeHead(401, { "WWW-Authenticate": challenge }).end();
    }
    if (!/^application\/soap\+xml/.test(request.headers["content-type"] ?? ""))
      return void response.writeHead(415).end();
    exchanges++;
    const { isFault, envelope } = answerer.answer(body);
    response.writeHead(isFault ? 500 : 200, { "Content-Type": "application/soap+xml;charset=UTF-8" }).end(envelope);
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    world,
    get exchanges() {
      return exchanges;
    },
    silence: () => {
      isSilent = true;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

interface Login {
  readonly scheme: "Basic" | "Negotiate" | undefined;
  readonly isIn: boolean;
  readonly challenge?: string;
}

function loginOf({ headers }: IncomingMessage, { user, password }: StandInOptions, ntlm: Ntlm): Login {
  const [, scheme = "", token = ""] = /^(\w+) (.*)$/.exec(headers.authorization ?? "") ?? [];
  if (scheme === "Basic") return { scheme, isIn: Buffer.from(token, "base64").toString() === `${user}:${password}` };
  if (scheme === "Negotiate") return { scheme, ...ntlm.take(Buffer.from(token, "base64")) };
  // A connection on which somebody has logged in by NTLM stays so.
  return { scheme: ntlm.isIn ? "Negotiate" : undefined, isIn: ntlm.isIn };
}
