import { createConnection, type NetConnectOpts, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connectFailed, connectTcpFailed, pathProblem } from "./client-errors.js";

/** How long a daemon may have no room for another client that comes, in milliseconds, and how often it is tried. */
const PATIENCE_MS = 30_000;
const RETRY_MS = 10;

/**
 * Connects to a unix socket. Where so many come at once that the daemon's queue is full, waits as a blocking connect does.
 * Fails with `SYSTEM_ERROR` in libvirt's words.
 */
export async function connectPatiently(path: string): Promise<Socket> {
  const problem = pathProblem(path);
  if (problem !== undefined) throw problem;
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await connectOnce({ path });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EAGAIN" || performance.now() > end) throw connectFailed(path, error as NodeJS.ErrnoException);
      await delay(RETRY_MS);
    }
  }
}

/** Connects to a port of a host. Fails with `SYSTEM_ERROR` in libvirt's words, `INTERNAL_ERROR` for a name that nobody knows. */
export async function connectTcp(host: string, port: number): Promise<Socket> {
  try {
    return await connectOnce({ host, port, noDelay: true });
  } catch (error) {
    throw connectTcpFailed(host, port, error as NodeJS.ErrnoException);
  }
}

function connectOnce(at: NetConnectOpts): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(at);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
