import type { Socket } from "node:net";
import { type Descriptor, xdr } from "@polyvisor/core";
import { writeWithDescriptors } from "@polyvisor/sdk/rpc/wire";
import type { CallMeter } from "./meter.js";

/** First size of the memory for messages. */
const WRITER_BYTES = 16384;

/** Writers without anything in them. A connection has one only while it has something to send. */
const spareWriters: xdr.XdrWriter[] = [];
const SPARE_WRITERS_MAX = 16;

/** A burst of replies goes out in pieces of about this size. */
const FLUSH_BYTES = 262144;

/** With this much unread by the client, nothing more is read from it, and its streams stand still. */
const CONGESTED_BYTES = 1048576;

/** With this much unread, events for the client are lost, until it has read half of it. */
const EVENTS_BYTES = 8388608;

/** A client that leaves this much unread is gone for all practical purposes. */
const LOST_BYTES = 67108864;

/** Who is told how a client takes what goes to it. */
export interface OutboxWatch {
  /** The client has much to read. */
  grown(): void;
  /** The client does not read what it is sent, and may be given up. */
  lost(unread: number): void;
  /** From here on events for the client are lost: it does not read. */
  losesEvents(unread: number): void;
  /** The client has caught up, and gets events again; so many were lost. */
  takesEvents(lost: number): void;
}

interface Passing {
  readonly bytes: Buffer;
  readonly descriptors: readonly Descriptor[];
}

/**
 * What goes to one client, in order: replies, events and stream packets are written one behind the other and leave with one
 * write per turn. An event that nothing is written before leaves at once.
 */
export class Outbox {
  /** Counts the events among what goes out. */
  readonly meter: CallMeter | undefined;
  readonly #socket: Socket;
  readonly #watch: OutboxWatch;
  #writer: xdr.XdrWriter | undefined;
  /** Descriptors that have not left, each with what has to leave before it. */
  readonly #passing: Passing[] = [];
  #gathering = false;
  #scheduled = false;
  #lostEvents = 0;

  constructor(socket: Socket, watch: OutboxWatch, meter?: CallMeter) {
    this.meter = meter;
    this.#socket = socket;
    this.#watch = watch;
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

  /** Whether an event may be written now. Where it may not, it is lost. */
  hasRoomForEvent(): boolean {
    const { unread } = this;
    if (this.#lostEvents === 0 && unread <= EVENTS_BYTES) return true;
    if (this.#lostEvents === 0) this.#watch.losesEvents(unread);
    else if (unread <= EVENTS_BYTES / 2) {
      this.#watch.takesEvents(this.#lostEvents);
      this.#lostEvents = 0;
      return true;
    }
    this.#lostEvents++;
    return false;
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

  /**
   * A whole message that tells of an event, which others may be sent too. Many clients wait for one while its cause is still
   * being answered, and waking who caused it costs as much as ten events: so the first of a turn leaves at once, and what
   * follows leaves together.
   */
  event(frame: Buffer): void {
    if (this.#gathering || this.#scheduled || this.#writer !== undefined || this.#passing.length > 0) {
      this.writer.bytes(frame);
      this.wrote();
      return;
    }
    this.#scheduled = true;
    process.nextTick(this.#onTick);
    if (this.#socket.writable) this.#send(frame);
  }

  flush(): void {
    this.#gathering = false;
    if (this.#writer !== undefined) this.#write(this.#writer);
  }

  /** Sends descriptors behind what has been written. What is written from now on waits until they have left. */
  pass(descriptors: readonly Descriptor[]): void {
    const bytes = this.writer.take();
    this.writer.reset();
    this.#passing.push({ bytes, descriptors });
    if (this.#passing.length === 1) this.#passNext();
  }

  /** Its connection is of no more use where a descriptor cannot be sent. */
  #passNext(): void {
    const { bytes, descriptors } = this.#passing[0] as Passing;
    writeWithDescriptors(this.#socket, bytes, descriptors, () => {
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
      if (this.unread > LOST_BYTES) this.#watch.lost(this.unread);
      return;
    }
    this.#writer = undefined;
    const socket = this.#socket;
    if (writer.offset > 0 && socket.writable) {
      // For a client that is behind, bytes are copied: otherwise a small event would keep all of the writer's memory waiting.
      const isBehind = socket.writableLength > 0;
      this.#send(isBehind ? writer.take() : writer.buffer.subarray(0, writer.offset));
      if (!isBehind && socket.writableLength > 0) return;
    }
    writer.reset();
    if (spareWriters.length < SPARE_WRITERS_MAX && writer.buffer.length <= FLUSH_BYTES) spareWriters.push(writer);
  }

  #send(bytes: Buffer): void {
    this.#socket.write(bytes);
    if (this.#socket.writableLength > LOST_BYTES) this.#watch.lost(this.#socket.writableLength);
    else if (this.congested) this.#watch.grown();
  }
}
