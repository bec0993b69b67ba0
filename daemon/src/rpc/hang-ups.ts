import type { Socket } from "node:net";
import { hasHungUp } from "@polyvisor/sdk/process";

/** How often clients that are not read are looked after, in milliseconds. */
const LOOK_MS = 1000;

/**
 * Looks for the end of clients that are not read for the moment: what says that a client is gone stands behind what it has
 * sent, so whoever waits for it to be read may wait for ever.
 */
export class HangUps {
  readonly #unread = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;

  /** Called when a client is not read any further. */
  watch(socket: Socket): void {
    this.#unread.add(socket);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Called when a client is read again, or is gone. */
  release(socket: Socket): void {
    this.#unread.delete(socket);
  }

  #look(): void {
    for (const socket of this.#unread) {
      if (!socket.destroyed && !hasHungUp(socket)) continue;
      this.#unread.delete(socket);
      socket.destroy();
    }
    if (this.#unread.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
