import { type IncomingMessage, request } from "node:http";
import { connect, isIPv4, type Socket } from "node:net";
import { esxError } from "./error.js";

export interface ProxyAddress {
  readonly kind: "http" | "socks4" | "socks4a" | "socks5";
  readonly host: string;
  readonly port: number;
}

/** A connection to a host by way of a proxy. Rejects where the proxy does not lead there. */
export async function connectThrough(
  proxy: ProxyAddress,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  if (proxy.kind === "http") return connectByHttp(proxy, host, port, signal);
  // the signal ends the greeting; what is connected is the agent's
  const greeting = new AbortController();
  const socket = connect({ host: proxy.host, port: proxy.port });
  signal.addEventListener("abort", () => socket.destroy(refused("the proxy does not answer")), {
    signal: greeting.signal,
  });
  try {
    await once(socket, "connect");
    await (proxy.kind === "socks5" ? greetSocks5(socket, host, port) : greetSocks4(socket, proxy, host, port));
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    greeting.abort();
  }
}

function connectByHttp(proxy: ProxyAddress, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const asking = request({ host: proxy.host, port: proxy.port, method: "CONNECT", path: target, agent: false });
    const onLate = new AbortController();
    const give = () => asking.destroy(refused("the proxy does not answer"));
    signal.addEventListener("abort", give, { signal: onLate.signal });
    asking.once("error", reject);
    asking.once("connect", (response: IncomingMessage, socket: Socket) => {
      onLate.abort();
      if (response.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(refused(`the proxy answered ${response.statusCode}`));
    });
    asking.end();
  });
}

async function greetSocks5(socket: Socket, host: string, port: number): Promise<void> {
  socket.write(Buffer.from([5, 1, 0]));
  const greeting = await read(socket, 2);
  if (greeting[1] !== 0) throw refused("the proxy asks for a password");
  const name = Buffer.from(host);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([port >> 8, port & 255])]));
  const [, status, , type] = await read(socket, 4);
  if (status !== 0) throw refused(`the proxy answered ${status}`);
  const length = type === 1 ? 4 : type === 4 ? 16 : ((await read(socket, 1))[0] ?? 0);
  await read(socket, length + 2);
}

async function greetSocks4(socket: Socket, { kind }: ProxyAddress, host: string, port: number): Promise<void> {
  const head = Buffer.from([4, 1, port >> 8, port & 255]);
  const isName = kind === "socks4a" && !isIPv4(host);
  if (!isName && !isIPv4(host)) throw refused(`a socks4 proxy needs an IPv4 address, not ${host}`);
  const address = isName ? Buffer.from([0, 0, 0, 1, 0]) : Buffer.from([...host.split(".").map(Number), 0]);
  socket.write(Buffer.concat([head, address, isName ? Buffer.from(`${host}\0`) : Buffer.alloc(0)]));
  const reply = await read(socket, 8);
  if (reply[1] !== 90) throw refused(`the proxy answered ${reply[1]}`);
}

/** Exactly so many bytes: what comes behind them is the server's. */
function read(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const onEnd = (error?: Error) => {
      stop();
      reject(error ?? refused("the proxy closed the connection"));
    };
    const onReadable = () => {
      const bytes = length === 0 ? Buffer.alloc(0) : (socket.read(length) as Buffer | null);
      if (bytes === null) return;
      stop();
      resolve(bytes);
    };
    const stop = () => socket.off("readable", onReadable).off("error", onEnd).off("end", onEnd);
    socket.on("readable", onReadable).on("error", onEnd).on("end", onEnd);
    onReadable();
  });
}

function once(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve()).once("error", reject);
  });
}

function refused(words: string): Error {
  return esxError("INTERNAL_ERROR", `curl_easy_perform() returned an error: Couldn't connect to server (7) : ${words}`);
}
