import { createConnection, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connectFailed } from "./client-errors.js";

/** How long a daemon may have no room for another client that comes, in milliseconds, and how often it is tried. */
const PATIENCE_MS = 30_000;
const RETRY_MS = 10;

/**
 * Connects to a unix socket. Where so many come at once that the daemon's queue is full, waits as a blocking connect does.
 * Fails with `SYSTEM_ERROR` in libvirt's words.
 */
export async function connectPatiently(path: string): Promise<Socket> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await connectOnce(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EAGAIN" || performance.now() > end) throw connectFailed(path, error as NodeJS.ErrnoException);
      await delay(RETRY_MS);
    }
  }
}

function connectOnce(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
