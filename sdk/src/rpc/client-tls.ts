import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { connectTcp } from "./client-connect.js";
import { tlsFailed, tlsPeerRefused, tlsPeerUnproved } from "./client-errors.js";
import type { TlsVersions } from "./tls-priority.js";

/** What this side of a TLS connection shows, and what it believes. All of it in PEM. */
export interface TlsCredentials {
  readonly ca: Buffer;
  /** Certificates that the authority took back. */
  readonly crl?: Buffer;
  /** Shown where the server asks for it. */
  readonly own?: { readonly cert: Buffer; readonly key: Buffer };
  /** Whether the server must have a certificate of the authority with the host's name. */
  readonly verify: boolean;
  /** All that are known where nothing is said. */
  readonly versions?: TlsVersions | undefined;
}

/** The server sends this byte once it has accepted the client's certificate. */
const ACCEPTED = 1;

/** A server that takes longer, in milliseconds, until it has accepted the client is none. */
const HANDSHAKE_MS = 30_000;

/** Connects with TLS. Fails with `AUTH_FAILED` where the server is not who it should be, with `RPC` where it refuses this client. */
export async function connectTls(host: string, port: number, credentials: TlsCredentials): Promise<Socket> {
  const tcp = await connectTcp(host, port);
  const timer = setTimeout(() => tcp.destroy(), HANDSHAKE_MS);
  try {
    const socket = await shakeHands(tcp, host, credentials);
    if (credentials.verify && !socket.authorized) throw tlsPeerUnproved(host, socket.authorizationError);
    await confirmation(socket);
    return socket;
  } catch (error) {
    tcp.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The certificate is looked at afterwards, so that its faults can be told in libvirt's words. */
function shakeHands(socket: Socket, host: string, { ca, crl, own, versions }: TlsCredentials): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    try {
      const tls = connect({
        socket,
        host,
        rejectUnauthorized: false,
        ...(versions ?? { minVersion: "TLSv1.2" }),
        ca,
        ...(crl === undefined ? {} : { crl }),
        ...own,
      });
      const failed = (error: Error) => reject(tlsFailed(error));
      const ended = () => reject(tlsFailed(new Error("the server closed the connection")));
      tls.once("error", failed);
      tls.once("close", ended);
      tls.once("secureConnect", () => {
        tls.off("error", failed);
        tls.off("close", ended);
        resolve(tls);
      });
    } catch (error) {
      reject(tlsFailed(error as Error));
    }
  });
}

function confirmation(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = () => settle(() => reject(tlsPeerRefused()));
    const read = () => {
      const byte: Buffer | null = socket.read(1);
      if (byte === null) return;
      if (byte[0] === ACCEPTED) settle(resolve);
      else refused();
    };
    const settle = (how: () => void) => {
      socket.off("readable", read);
      for (const event of ["end", "error", "close"]) socket.off(event, refused);
      how();
    };
    socket.on("readable", read);
    for (const event of ["end", "error", "close"]) socket.once(event, refused);
  });
}
