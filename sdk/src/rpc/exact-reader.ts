import { type OnReadOpts, Socket } from "node:net";
import { closeAll, type Descriptor } from "@polyvisor/core";
import { duplicateOf, receiveDescriptor } from "../process/index.js";

/** Who takes what a connection brings. */
export interface ExactTaker {
  /** How many bytes may come next: what follows them may be a descriptor. */
  wanted(): number;
  /** The bytes are valid until it returns. */
  read(bytes: Buffer): void;
  /** The peer sends nothing more. */
  ended(): void;
  failed(error: Error): void;
}

/** What all readers read into: none keeps anything there. */
const memory = Buffer.allocUnsafeSlow(65536);

/** How long descriptors may take, and how often they are looked for, in milliseconds. */
const DESCRIPTORS_MS = 10_000;
const LOOK_MS = 1;
const LOOK_MS_MAX = 100;

/**
 * Reads a unix socket byte by byte as asked for, so that the descriptors between the bytes are not lost. It reads in the
 * place of `socket`, which has stopped (`stopReading`) and given out all it had read, and through a descriptor of its own.
 * It ends with the socket.
 */
export class ExactReader {
  readonly #reader: Socket;
  readonly #received: Descriptor[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #patience: number;
  #paused = false;
  #receiving = false;

  /** `patience`: how long descriptors may take that were announced, in milliseconds. */
  constructor(socket: Socket, taker: ExactTaker, patience = DESCRIPTORS_MS) {
    this.#patience = patience;
    const onread: OnReadOpts = {
      // What breaks the protocol wants nothing, and yet Node reads at least a byte.
      buffer: () => memory.subarray(0, Math.max(1, Math.min(taker.wanted(), memory.length))),
      callback: (length) => {
        taker.read(memory.subarray(0, length));
        return !this.#standsStill;
      },
    };
    this.#reader = readerOn(duplicateOf(socket), onread);
    this.#reader.on("end", () => taker.ended());
    this.#reader.on("error", (error) => taker.failed(error));
    socket.once("close", () => this.#end());
  }

  pause(): void {
    this.#paused = true;
    this.#reader.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#receiving) this.#reader.resume();
  }

  /**
   * Takes the descriptors that come next, and reads no further before. Calls back with them or with the reason why they do
   * not come, at once where they are there; never where the socket is closed before.
   */
  receive(count: number, done: (result: readonly Descriptor[] | Error) => void): void {
    this.#receiving = true;
    this.#reader.pause();
    this.#look(count, done, performance.now() + this.#patience, LOOK_MS);
  }

  #look(
    count: number,
    done: (result: readonly Descriptor[] | Error) => void,
    deadline: number,
    interval: number,
  ): void {
    try {
      while (this.#received.length < count) {
        const descriptor = receiveDescriptor(this.#reader);
        if (descriptor === undefined) break;
        this.#received.push(descriptor);
      }
    } catch (error) {
      this.#drop();
      done(error as Error);
      return;
    }
    if (this.#received.length === count) this.#finish(done);
    else if (performance.now() > deadline) {
      this.#drop();
      done(new Error(`${count} descriptors were announced and have not come`));
    } else {
      const next = Math.min(interval * 2, LOOK_MS_MAX);
      this.#timer = setTimeout(() => this.#look(count, done, deadline, next), interval);
    }
  }

  #finish(done: (result: readonly Descriptor[]) => void): void {
    this.#receiving = false;
    if (!this.#paused) this.#reader.resume();
    done(this.#received.splice(0));
  }

  #drop(): void {
    closeAll(this.#received.splice(0));
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#drop();
    this.#reader.destroy();
  }

  get #standsStill(): boolean {
    return this.#paused || this.#receiving;
  }
}

/** The descriptor is the reader's. */
function readerOn(descriptor: Descriptor, onread: OnReadOpts): Socket {
  const options = { fd: descriptor.fd, readable: true, writable: false, onread };
  try {
    const reader = new Socket(options);
    descriptor.take();
    return reader;
  } finally {
    descriptor.close();
  }
}
