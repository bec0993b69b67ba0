import { createConnection, type Socket } from "node:net";
import { remoteProgram, wireError, xdr } from "@polyvisor/core";
import {
  type Frame,
  type FrameHeader,
  FrameSplitter,
  frameBytes,
  MESSAGE_STATUS,
  MESSAGE_TYPE,
} from "@polyvisor/sdk/rpc";

/** One message as it came, with a body of its own. */
export interface Message extends FrameHeader {
  readonly body: Buffer;
}

export interface PeerError {
  readonly code: number;
  readonly domain: number;
  readonly message: string | null;
}

/** A client that can say anything, the protocol allows it or not, and hides nothing of what it hears. */
export class RawClient {
  readonly socket: Socket;
  /** What has come and nobody has taken. */
  readonly inbox: Message[] = [];
  /** Resolves when the connection is over, from whichever side. */
  readonly closed: Promise<void>;
  readonly #splitter = new FrameSplitter();
  readonly #waiting: (() => void)[] = [];
  #serial = 0;
  #over = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => this.#hear(chunk));
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#over = true;
        this.#wake();
        resolve();
      });
    });
  }

  static connect(path: string): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path);
      socket.once("error", reject);
      socket.once("connect", () => resolve(new RawClient(socket)));
    });
  }

  send(header: Partial<FrameHeader>, body?: Uint8Array): void {
    this.socket.write(frameOf(header, body));
  }

  /** Calls and waits for the answer, whatever it is. */
  async call(procedure: number, body?: Uint8Array): Promise<Message> {
    const serial = ++this.#serial;
    this.send({ procedure, serial }, body);
    return this.take((message) => message.type === MESSAGE_TYPE.REPLY && message.serial === serial);
  }

  /** The first message, of those that have come and those that will, for which `wanted` holds. */
  async take(wanted: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const index = this.inbox.findIndex(wanted);
      if (index >= 0) return this.inbox.splice(index, 1)[0] as Message;
      if (this.#over) throw new Error("the connection is closed");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Opens a URI. Throws where that fails. */
  async open(name: string | null, flags = 0): Promise<void> {
    const reply = await this.call(
      1,
      xdr.encodeToBuffer(remoteProgram.calls.connectOpen.args, { name, flags } as never),
    );
    if (reply.status !== MESSAGE_STATUS.OK) throw new Error(errorOf(reply).message ?? "");
  }

  close(): void {
    this.socket.destroy();
  }

  #hear(chunk: Buffer): void {
    this.#splitter.feed(chunk);
    while (this.#splitter.next()) this.inbox.push(messageOf(this.#splitter.frame));
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** A call of the remote program unless said otherwise. */
export function frameOf(header: Partial<FrameHeader>, body?: Uint8Array): Buffer {
  return frameBytes(
    {
      program: remoteProgram.number,
      version: remoteProgram.version,
      procedure: 0,
      type: MESSAGE_TYPE.CALL,
      serial: 0,
      status: MESSAGE_STATUS.OK,
      ...header,
    },
    body,
  );
}

/** The error in an answer. Throws where the answer is none. */
export function errorOf(message: Message): PeerError {
  if (message.status !== MESSAGE_STATUS.ERROR) throw new Error(`status ${message.status} is no error`);
  const { code, domain, message: words } = xdr.decodeFromBuffer(wireError, message.body) as PeerError;
  return { code, domain, message: words };
}

function messageOf(frame: Frame): Message {
  const { program, version, procedure, type, serial, status } = frame;
  const body = Buffer.from(frame.buffer.subarray(frame.body, frame.end));
  return { program, version, procedure, type, serial, status, body };
}
