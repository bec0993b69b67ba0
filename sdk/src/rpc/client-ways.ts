import type { Socket } from "node:net";
import { RpcClient } from "./client.js";
import { connectCommand } from "./client-command.js";
import { connectPatiently, connectTcp } from "./client-connect.js";
import { callAborted } from "./client-errors.js";
import { connectTls, type TlsCredentials } from "./client-tls.js";

/** A connected socket, and who can say why it ended. */
export interface Transport {
  readonly socket: Socket;
  /** A unix socket on which the daemon itself is at the other end: it carries descriptors. */
  readonly isDirect?: boolean;
  /** What the program that carries the connection said, once the connection is over; empty where it said nothing. */
  readonly lastWords?: () => Promise<string>;
}

/** How a daemon is reached. */
export type Way =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "tls"; readonly host: string; readonly port: number; readonly credentials: TlsCredentials }
  /** A program that carries the connection on its standard input and output. */
  | { readonly kind: "command"; readonly argv: readonly string[] };

/**
 * Connects to a daemon. Fails in libvirt's words, with `OPERATION_ABORTED` where the caller has given up; a command's failure
 * is told by the first call.
 */
export async function connectTo(way: Way, signal?: AbortSignal): Promise<RpcClient> {
  const connecting = transportOf(way);
  return new RpcClient(await (signal === undefined ? connecting : unlessAborted(connecting, signal)));
}

/** Whoever gives up hears so at once, and a connection that comes later is closed. */
function unlessAborted(connecting: Promise<Transport>, signal: AbortSignal): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      reject(callAborted(signal));
      connecting.then(({ socket }) => socket.destroy()).catch(() => {});
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    connecting.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}

async function transportOf(way: Way): Promise<Transport> {
  switch (way.kind) {
    case "unix":
      return { socket: await connectPatiently(way.path), isDirect: true };
    case "tcp":
      return { socket: await connectTcp(way.host, way.port) };
    case "tls":
      return { socket: await connectTls(way.host, way.port, way.credentials) };
    case "command":
      return connectCommand(way.argv);
  }
}
