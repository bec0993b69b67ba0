// The attackers' end of a connection: it can say anything, and looks closely at what it is told.
import { createConnection } from "node:net";
import { domainEvents, keepaliveProgram, objectEvents, PROGRAMS, remoteProgram, wireError, xdr } from "@polyvisor/core";
import { FrameSplitter, frameBytes, MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";

const EVENT_BODIES = new Map();
for (const { number, legacy, body } of Object.values(domainEvents)) {
  EVENT_BODIES.set(number, { body, skip: 4 });
  if (legacy !== undefined) EVENT_BODIES.set(legacy, { body, skip: 0 });
}
for (const { number, body } of Object.values(objectEvents)) EVENT_BODIES.set(number, { body, skip: 4 });

/** A message as bytes; a call of the remote program unless said otherwise. */
export function frame(header, body) {
  const { number: program, version } = remoteProgram;
  const call = { program, version, procedure: 0, type: MESSAGE_TYPE.CALL, serial: 0, status: MESSAGE_STATUS.OK };
  return frameBytes({ ...call, ...header }, body);
}

/** A call as bytes. @param {keyof typeof remoteProgram.calls} name */
export function callFrame(name, args, serial = 0) {
  const { number, args: codec } = remoteProgram.calls[name];
  return frame({ procedure: number, serial }, xdr.encodeToBuffer(codec, args));
}

/** One connection. What comes is decoded at once; anything that breaks the protocol is kept in `faults`. */
export class Peer {
  /** Replies since `reset`, errors among them. */
  replies = 0;
  errors = 0;
  messages = 0;
  packets = 0;
  /** Serials of replies since `reset`. @type {Set<number>} */
  serials = new Set();
  /** @type {string[]} */
  faults = [];
  closed = false;
  socket;
  #splitter = new FrameSplitter();
  #reader = new xdr.XdrReader(Buffer.alloc(0));
  #check = () => {};

  constructor(socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk) => this.#hear(chunk));
    socket.once("close", () => {
      this.closed = true;
      this.#check();
    });
  }

  /** @returns {Promise<Peer>} */
  static connect(path) {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Peer(socket));
      });
    });
  }

  reset() {
    this.replies = this.errors = this.messages = this.packets = 0;
    this.serials.clear();
  }

  /** Waits until something holds, or the connection is over, or the time is up. Resolves with whether it holds. */
  until(holds, milliseconds) {
    if (holds() || this.closed) return Promise.resolve(holds());
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#check = () => {};
        resolve(holds());
      };
      const timer = setTimeout(end, milliseconds);
      this.#check = () => {
        if (holds() || this.closed) end();
      };
    });
  }

  /** Makes a call and waits for its reply. @returns {Promise<boolean>} whether it came */
  async call(bytes, serial, milliseconds = 30_000) {
    this.socket.write(bytes);
    return this.until(() => this.serials.has(serial), milliseconds);
  }

  #hear(chunk) {
    try {
      this.#splitter.feed(chunk);
      while (this.#splitter.next()) this.#take(this.#splitter.frame);
    } catch (error) {
      this.faults.push(`what the daemon sent cannot be read: ${error.message}`);
      this.socket.destroy();
    }
    this.#check();
  }

  #take(got) {
    if (got.type === MESSAGE_TYPE.REPLY) {
      this.replies++;
      this.serials.add(got.serial);
      if (got.status === MESSAGE_STATUS.ERROR) {
        this.errors++;
        this.#decode(wireError, got);
      } else if (got.status === MESSAGE_STATUS.OK) this.#decode(callOf(got).ret, got);
      else throw new Error(`a reply with status ${got.status} of program ${got.program}`);
    } else if (got.type === MESSAGE_TYPE.STREAM && isRemote(got)) {
      this.packets++;
      if (got.status === MESSAGE_STATUS.ERROR && got.body < got.end) this.#decode(wireError, got);
    } else if (got.type === MESSAGE_TYPE.MESSAGE) this.#takeMessage(got);
    else throw new Error(`a message of type ${got.type} of program ${got.program}`);
  }

  #takeMessage(got) {
    this.messages++;
    if (got.program === keepaliveProgram.number) return;
    const event = isRemote(got) ? EVENT_BODIES.get(got.procedure) : undefined;
    if (event === undefined) throw new Error(`an event ${got.procedure} of program ${got.program}`);
    this.#decode(event.body, got, event.skip);
  }

  #decode(codec, got, skip = 0) {
    codec.decode(this.#reader.reset(got.buffer, got.body + skip, got.end));
    if (this.#reader.remaining !== 0) throw new Error(`${this.#reader.remaining} bytes too many in a message`);
  }
}

/** The call that a reply answers. Throws where there is none. */
function callOf({ program, version, procedure }) {
  const known = PROGRAMS.find((each) => each.number === program && each.version === version);
  const call = Object.values(known?.calls ?? {}).find(({ number }) => number === procedure);
  if (call === undefined) throw new Error(`a reply to a call ${procedure} of program ${program}, which does not exist`);
  return call;
}

function isRemote({ program, version }) {
  return program === remoteProgram.number && version === remoteProgram.version;
}
