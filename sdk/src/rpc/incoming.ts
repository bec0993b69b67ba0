import type { Socket } from "node:net";
import type { Descriptor } from "@polyvisor/core";
import { stopReading } from "../process/index.js";
import { ExactReader } from "./exact-reader.js";
import { FrameError, type FrameSplitter } from "./frame.js";

/**
 * What comes from one peer. Its bytes are read as they come, in large pieces; only one that may send descriptors is read
 * message by message from then on.
 */
export class Incoming {
  readonly #socket: Socket;
  readonly #splitter: FrameSplitter;
  readonly #read: (chunk: Buffer) => void;
  /** Between the moment from which descriptors may come and the end of what had been read before. */
  #isSwitching = false;
  #exact: ExactReader | undefined;

  /** Begins to read. `read` is called with what goes into the splitter. */
  constructor(socket: Socket, splitter: FrameSplitter, read: (chunk: Buffer) => void) {
    this.#socket = socket;
    this.#splitter = splitter;
    this.#read = read;
    socket.on("data", read);
  }

  pause(): void {
    (this.#exact ?? this.#socket).pause();
  }

  resume(): void {
    (this.#exact ?? this.#socket).resume();
  }

  /** Descriptors are not lost from here on: called before the peer learns that it may send some. For unix sockets. */
  expectDescriptors(): void {
    if (this.#isSwitching || this.#exact !== undefined || this.#socket.destroyed) return;
    stopReading(this.#socket);
    this.#isSwitching = true;
  }

  /** Called when all that was read has been worked off. */
  settle(): void {
    if (!this.#isSwitching || this.#socket.readableLength > 0 || this.#socket.destroyed) return;
    this.#isSwitching = false;
    try {
      this.#exact = this.#readExactly();
    } catch (error) {
      // This process may have too many open files for another.
      this.#socket.destroy(error as Error);
    }
  }

  #readExactly(): ExactReader {
    const exact = new ExactReader(this.#socket, {
      wanted: () => this.#splitter.wanted,
      read: this.#read,
      ended: () => this.#socket.destroySoon(),
      failed: (error) => this.#socket.destroy(error),
    });
    if (this.#socket.isPaused()) exact.pause();
    return exact;
  }

  /** As `ExactReader.receive`. Throws a `FrameError` where none were expected. */
  receive(count: number, done: (result: readonly Descriptor[] | Error) => void): void {
    if (this.#exact === undefined)
      throw new FrameError("a message brought file descriptors, which this connection did not offer to take");
    this.#exact.receive(count, done);
  }
}
