import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Bytes that passed in one direction, in the order of both. */
export interface Passage {
  readonly from: "client" | "server";
  readonly data: Buffer;
}

/** Stands between clients and a daemon's socket, and keeps what each connection says. */
export class Recorder {
  readonly socket: string;
  /** One list per connection, in the order in which they were made. */
  readonly sessions: Passage[][] = [];
  readonly #folder: string;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor(folder: string, target: string) {
    this.#folder = folder;
    this.socket = join(folder, "sock");
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#relay(client, target));
  }

  static async start(target: string): Promise<Recorder> {
    const recorder = new Recorder(await mkdtemp(join(tmpdir(), "recorder-")), target);
    await new Promise<void>((resolve) => recorder.#server.listen(recorder.socket, resolve));
    return recorder;
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #relay(client: Socket, target: string): void {
    const session: Passage[] = [];
    this.sessions.push(session);
    const server = connect({ path: target, allowHalfOpen: true });
    this.#pass(client, server, "client", session);
    this.#pass(server, client, "server", session);
  }

  #pass(source: Socket, sink: Socket, from: Passage["from"], session: Passage[]): void {
    this.#open.add(source);
    source.on("data", (data) => {
      session.push({ from, data });
      sink.write(data);
    });
    source.once("end", () => sink.end());
    source.once("error", () => sink.destroy());
    source.once("close", () => this.#open.delete(source));
  }
}
