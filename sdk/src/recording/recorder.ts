import { createServer, type Server, type Socket } from "node:net";
import { connectPatiently } from "../rpc/client-connect.js";
import { type Frame, FrameSplitter } from "../rpc/frame.js";
import { Conversation } from "./conversation.js";
import { RECORDING_VERSION, type RecordingHead } from "./lines.js";

export interface RecorderOptions {
  /** Where the daemon listens, and where clients come whose sessions are recorded: paths of unix sockets. */
  readonly daemon: string;
  readonly socket: string;
  /** What clients are going to open. */
  readonly uri: string;
  /** Called for each line of the recording, without its line break. */
  readonly write: (line: string) => void;
}

/** A socket in front of a daemon's. Clients that come there are served by the daemon, and what both say is recorded. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #server: Server;
  /** Clients that are there; each promise resolves when what its client said is told. */
  readonly #clients = new Map<Socket, Promise<void>>();
  readonly #started = performance.now();
  #count = 0;

  private constructor(options: RecorderOptions) {
    this.#options = options;
    this.#server = createServer((client) => void this.#serve(client));
  }

  /** Fails where it cannot listen. */
  static async listen(options: RecorderOptions): Promise<Recorder> {
    const recorder = new Recorder(options);
    await new Promise<void>((resolve, reject) => {
      recorder.#server.once("error", reject);
      recorder.#server.listen(options.socket, resolve);
    });
    const head = { recording: RECORDING_VERSION, uri: options.uri, started: new Date().toISOString() };
    options.write(JSON.stringify(head satisfies RecordingHead));
    return recorder;
  }

  /** Takes no more clients, and resolves when all are gone: those that are still there after `graceMs` are sent away. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const sendAway = setTimeout(() => {
      for (const client of this.#clients.keys()) client.destroySoon();
    }, graceMs);
    await closed;
    await Promise.all(this.#clients.values());
    clearTimeout(sendAway);
  }

  async #serve(client: Socket): Promise<void> {
    const number = ++this.#count;
    client.pause();
    client.on("error", () => {});
    const conversation = new Conversation((line) => {
      if (this.#clients.has(client)) this.#tell(number, line);
    });
    const gone = new Promise<void>((resolve) => client.once("close", resolve)).then(() => {
      this.#tell(number, { closed: true });
      this.#clients.delete(client);
    });
    this.#clients.set(client, gone);
    let daemon: Socket;
    try {
      daemon = await connectPatiently(this.#options.daemon);
    } catch {
      client.destroy();
      return;
    }
    daemon.on("error", () => {});
    hand(client, daemon, (frame) => conversation.asked(frame));
    hand(daemon, client, (frame) => conversation.answered(frame));
  }

  #tell(client: number, line: object): void {
    const at = Math.round((performance.now() - this.#started) * 1000) / 1000;
    this.#options.write(JSON.stringify({ at, client, ...line }));
  }
}

/** Hands on what comes, message by message. A side that does not speak the protocol any more, as behind TLS, ends both. */
function hand(from: Socket, to: Socket, look: (frame: Frame) => void): void {
  const splitter = new FrameSplitter();
  from.on("data", (chunk) => {
    try {
      splitter.feed(chunk);
      while (splitter.next()) {
        look(splitter.frame);
        const { buffer, start, end } = splitter.frame;
        if (!to.write(buffer.subarray(start, end))) from.pause();
      }
    } catch {
      from.destroy();
      to.destroy();
    }
  });
  to.on("drain", () => from.resume());
  from.on("close", () => to.destroySoon());
  from.resume();
}
