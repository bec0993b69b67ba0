import type { Socket } from "node:net";
import { xdr } from "@polyvisor/core";

/** Memory that every connection keeps for its messages. */
const KEPT_BYTES = 1024;

/** A burst of replies goes out in pieces of about this size. */
const FLUSH_BYTES = 262144;

/** With this much unread by the client, nothing more is read from it, and its streams stand still. */
const CONGESTED_BYTES = 1048576;

/** A client that leaves this much unread is gone for all practical purposes. */
const LOST_BYTES = 67108864;

/**
 * What goes to one client, in order: replies, events and stream packets are written one behind the other and leave with one
 * write per turn.
 */
export class Outbox {
  /** Whoever writes here calls `wrote` afterwards. Another writer after every `wrote`. */
  writer = new xdr.XdrWriter(KEPT_BYTES);
  readonly #socket: Socket;
  readonly #lost: (unread: number) => void;
  #gathering = false;
  #scheduled = false;

  /** `lost` is called when the client does not read what it is sent. */
  constructor(socket: Socket, lost: (unread: number) => void) {
    this.#socket = socket;
    this.#lost = lost;
  }

  /** Bytes that the client has not taken yet. */
  get unread(): number {
    return this.#socket.writableLength;
  }

  get congested(): boolean {
    return this.#socket.writableLength > CONGESTED_BYTES;
  }

  /** Whether everything has been handed to the kernel. */
  get empty(): boolean {
    return this.writer.offset === 0 && this.#socket.writableLength === 0;
  }

  /** From here to `flush`, what is written waits: the caller is working off messages and will flush at the end. */
  gather(): void {
    this.#gathering = true;
  }

  wrote(): void {
    if (this.writer.offset >= FLUSH_BYTES) this.#write();
    else if (!this.#gathering && !this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(this.#onTick);
    }
  }

  flush(): void {
    this.#gathering = false;
    if (this.writer.offset > 0) this.#write();
  }

  readonly #onTick = (): void => {
    this.#scheduled = false;
    if (!this.#gathering && this.writer.offset > 0) this.#write();
  };

  #write(): void {
    const { writer } = this;
    const socket = this.#socket;
    if (socket.destroyed || !socket.writable) {
      writer.reset();
      return;
    }
    socket.write(writer.buffer.subarray(0, writer.offset));
    // With nothing left in the socket the kernel has its own copy, and the memory can be used again.
    if (socket.writableLength === 0 && writer.buffer.length <= FLUSH_BYTES) writer.reset();
    else this.writer = new xdr.XdrWriter(KEPT_BYTES);
    if (socket.writableLength > LOST_BYTES) this.#lost(socket.writableLength);
  }
}
