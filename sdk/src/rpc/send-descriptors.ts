import type { Socket } from "node:net";
import { closeAll, type Descriptor } from "@polyvisor/core";
import { sendDescriptor } from "../process/index.js";

/** How often a peer is tried whose queue is full, in milliseconds. */
const RETRY_MS = 1;
const RETRY_MS_MAX = 100;

/**
 * Writes bytes to a unix socket and sends descriptors behind them, then closes these. Until it calls back nobody else writes
 * there. Where it fails, the socket is destroyed: its peer would take what follows for the descriptors.
 */
export function writeWithDescriptors(
  socket: Socket,
  bytes: Uint8Array,
  descriptors: readonly Descriptor[],
  done: (error?: Error) => void,
): void {
  const finish = (error?: Error) => {
    closeAll(descriptors);
    if (error !== undefined) socket.destroy();
    done(error);
  };
  let sent = 0;
  const send = (interval: number) => {
    try {
      while (sent < descriptors.length && sendDescriptor(socket, descriptors[sent] as Descriptor)) sent++;
    } catch (error) {
      finish(error as Error);
      return;
    }
    if (sent === descriptors.length) finish();
    else setTimeout(send, interval, Math.min(interval * 2, RETRY_MS_MAX));
  };
  socket.write(bytes, (error) => (error ? finish(error) : send(RETRY_MS)));
}
