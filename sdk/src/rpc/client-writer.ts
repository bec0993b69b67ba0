import type { Socket } from "node:net";
import type { Descriptor } from "@polyvisor/core";
import { writeWithDescriptors } from "./send-descriptors.js";

type Sent = (error?: Error | null) => void;

interface Waiting {
  readonly bytes: Uint8Array;
  readonly descriptors: readonly Descriptor[];
  readonly sent?: Sent | undefined;
}

/** What a client sends, in order. Writes of one turn leave together; behind a descriptor they wait until it has left. */
export class ClientWriter {
  readonly #socket: Socket;
  /** While descriptors leave: what comes behind them. */
  #waiting: Waiting[] | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  write(bytes: Uint8Array, sent?: Sent): void {
    if (this.#waiting !== undefined) this.#waiting.push({ bytes, descriptors: [], sent });
    else this.#writeNow(bytes, sent);
  }

  /** Sends a message with descriptors, which are closed then. */
  pass(bytes: Uint8Array, descriptors: readonly Descriptor[]): void {
    if (this.#waiting !== undefined) {
      this.#waiting.push({ bytes, descriptors });
      return;
    }
    this.#waiting = [];
    this.#passNow(bytes, descriptors);
  }

  #writeNow(bytes: Uint8Array, sent?: Sent): void {
    const socket = this.#socket;
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket.write(bytes, sent);
  }

  #passNow(bytes: Uint8Array, descriptors: readonly Descriptor[]): void {
    writeWithDescriptors(this.#socket, bytes, descriptors, () => this.#goOn());
  }

  #goOn(): void {
    for (let next = this.#waiting?.shift(); next !== undefined; next = this.#waiting?.shift()) {
      if (next.descriptors.length > 0) {
        this.#passNow(next.bytes, next.descriptors);
        return;
      }
      this.#writeNow(next.bytes, next.sent);
    }
    this.#waiting = undefined;
  }
}
