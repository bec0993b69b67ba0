import type { Socket } from "node:net";
import { type Descriptor, xdr } from "@polyvisor/core";
import { writeWithDescriptors } from "@polyvisor/sdk/rpc";
import type { Meter } from "./meter.js";

/** First size of the memory for messages. */
const WRITER_BYTES = 16384;

/** Writers without anything in them. A connection has one only while it has something to send. */
const spareWriters: xdr.XdrWriter[] = [];
const SPARE_WRITERS_MAX = 16;

/** A burst of replies goes out in pieces of about this size. */
const FLUSH_BYTES = 262144;

/** With this much unread by the client, nothing more is read from it, and its streams stand still. */
const CONGESTED_BYTES = 1048576;

/** A client that leaves this much unread is gone for all practical purposes. */
const LOST_BYTES = 67108864;

interface Passing {
  readonly bytes: Buffer;
  readonly descriptor: Descriptor;
}

/**
 * What goes to one client, in order: replies, events and stream packets are written one behind the other and leave with one
 * write per turn.
 */
export class Outbox {
  /** Counts the events among what goes out. */
  readonly meter: Meter | undefined;
  readonly #socket: Socket;
  readonly #lost: (unread: number) => void;
  readonly #grown: () => void;
  #writer: xdr.XdrWriter | undefined;
  /** Descriptors that have not left, each with what has to leave before it. */
  readonly #passing: Passing[] = [];
  #gathering = false;
  #scheduled = false;

  /** `grown` is called when the client has much to read, `lost` when it does not read what it is sent. */
  constructor(socket: Socket, grown: () => void, lost: (unread: number) => void, meter?: Meter) {
    this.meter = meter;
    this.#socket = socket;
    this.#grown = grown;
    this.#lost = lost;
  }

  /** Bytes that the client has not taken yet. */
  get unread(): number {
    if (this.#passing.length === 0) return this.#socket.writableLength;
    const waiting = this.#passing.reduce((sum, { bytes }) => sum + bytes.length, this.#writer?.offset ?? 0);
    return this.#socket.writableLength + waiting;
  }

  get congested(): boolean {
    return this.unread > CONGESTED_BYTES;
  }

  /** Whoever writes here calls `wrote` afterwards, and asks for the writer again before the next message. */
  get writer(): xdr.XdrWriter {
    this.#writer ??= spareWriters.pop() ?? new xdr.XdrWriter(WRITER_BYTES);
    return this.#writer;
  }

  /** From here to `flush`, what is written waits: the caller is working off messages and will flush at the end. */
  gather(): void {
    this.#gathering = true;
  }

  wrote(): void {
    if (this.#writer !== undefined && this.#writer.offset >= FLUSH_BYTES) this.#write(this.#writer);
    else if (!this.#gathering && !this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(this.#onTick);
    }
  }

  flush(): void {
    this.#gathering = false;
    if (this.#writer !== undefined) this.#write(this.#writer);
  }

  /** Sends a descriptor behind what has been written. What is written from now on waits until it has left. */
  pass(descriptor: Descriptor): void {
    const bytes = this.writer.take();
    this.writer.reset();
    this.#passing.push({ bytes, descriptor });
    if (this.#passing.length === 1) this.#passNext();
  }

  /** Its connection is of no more use where a descriptor cannot be sent. */
  #passNext(): void {
    const { bytes, descriptor } = this.#passing[0] as Passing;
    writeWithDescriptors(this.#socket, bytes, [descriptor], () => {
      this.#passing.shift();
      if (this.#passing.length > 0) this.#passNext();
      else if (!this.#gathering && this.#writer !== undefined) this.#write(this.#writer);
    });
  }

  readonly #onTick = (): void => {
    this.#scheduled = false;
    if (!this.#gathering && this.#writer !== undefined) this.#write(this.#writer);
  };

  #write(writer: xdr.XdrWriter): void {
    if (this.#passing.length > 0) {
      if (this.unread > LOST_BYTES) this.#lost(this.unread);
      return;
    }
    this.#writer = undefined;
    const socket = this.#socket;
    if (writer.offset > 0 && socket.writable) {
      // For a client that is behind, bytes are copied: otherwise a small event would keep all of the writer's memory waiting.
      const isBehind = socket.writableLength > 0;
      socket.write(isBehind ? writer.take() : writer.buffer.subarray(0, writer.offset));
      if (socket.writableLength > LOST_BYTES) this.#lost(socket.writableLength);
      else if (this.congested) this.#grown();
      if (!isBehind && socket.writableLength > 0) return;
    }
    writer.reset();
    if (spareWriters.length < SPARE_WRITERS_MAX && writer.buffer.length <= FLUSH_BYTES) spareWriters.push(writer);
  }
}
