import type { Socket } from "node:net";
import {
  adminProgram,
  type Call,
  type CallContext,
  CLIENT_TRANSPORT,
  type Identity,
  keepaliveProgram,
  type Log,
  type MaybePromise,
  VirtError,
  xdr,
} from "@polyvisor/core";
import { type Frame, FrameError, FrameSplitter, MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc/wire";
import { SessionCallContext } from "../rpc/context.js";
import { rpcError } from "../rpc/errors.js";
import { writeError, writeKeepalive, writeReply } from "../rpc/messages.js";
import { Outbox } from "../rpc/outbox.js";
import type { AdminCalls } from "./handlers.js";
import type { ManagedClient } from "./managed.js";

type Args = Record<string, unknown>;
type Handler = (args: Args, context: CallContext) => MaybePromise<unknown>;

interface AdminEntry {
  readonly name: string;
  readonly call: Call;
  readonly program: typeof adminProgram;
}

const ENTRIES = new Map<number, AdminEntry>(
  Object.entries<Call>(adminProgram.calls).map(([name, call]) => [call.number, { name, call, program: adminProgram }]),
);

/** One reader for all connections: decoding never waits. */
const reader = new xdr.XdrReader(Buffer.alloc(0));

/** One client of the admin program. Its calls run one after the other: nothing more is read before one is answered. */
export class AdminSession implements ManagedClient {
  readonly id: number;
  readonly since = Date.now();
  readonly transport = CLIENT_TRANSPORT.UNIX;
  readonly readOnly = false;
  readonly identity: Identity;
  readonly log: Log;
  readonly #socket: Socket;
  readonly #calls: AdminCalls;
  readonly #outbox: Outbox;
  readonly #splitter = new FrameSplitter();
  /** A call that runs. */
  #running: SessionCallContext | undefined;
  #over = false;

  /** Takes over an accepted socket and begins to read. */
  constructor(socket: Socket, client: { id: number; identity: Identity; log: Log }, calls: AdminCalls) {
    this.id = client.id;
    this.identity = client.identity;
    this.log = client.log.child({ part: "admin", client: client.id, pid: client.identity.pid });
    this.#socket = socket;
    this.#calls = calls;
    const ignored = () => {};
    const watch = { grown: ignored, lost: () => socket.destroy(), losesEvents: ignored, takesEvents: ignored };
    this.#outbox = new Outbox(socket, watch);
    socket.on("error", (error) => this.log.debug({ err: error }, "the connection of a client failed"));
    socket.on("data", (chunk: Buffer) => {
      this.#splitter.feed(chunk);
      this.#work();
    });
    socket.on("drain", () => this.#work());
    socket.once("close", () => {
      this.#over = true;
      this.#running?.abort();
    });
  }

  /** Calls that run: one or none. */
  get running(): number {
    return this.#running === undefined ? 0 : 1;
  }

  disconnect(): void {
    this.#socket.destroy();
  }

  /** What has been written still leaves. */
  shutDown(): void {
    this.#over = true;
    this.#outbox.flush();
    this.#socket.destroySoon();
  }

  #work(): void {
    this.#outbox.gather();
    try {
      while (!this.#mustWait && !this.#over && this.#splitter.next()) this.#take(this.#splitter.frame);
    } catch (error) {
      this.#refuse(error);
    }
    this.#outbox.flush();
    if (this.#mustWait) {
      this.#splitter.hold();
      this.#socket.pause();
    } else this.#socket.resume();
  }

  get #mustWait(): boolean {
    return this.#running !== undefined || this.#outbox.congested;
  }

  #take(frame: Frame): void {
    const { number, version, ping, pong } = keepaliveProgram;
    if (frame.program === adminProgram.number && frame.version === adminProgram.version) {
      if (frame.type === MESSAGE_TYPE.CALL) this.#takeCall(frame);
    } else if (frame.program === number && frame.type === MESSAGE_TYPE.MESSAGE) {
      if (frame.procedure === ping) writeKeepalive(this.#outbox, { program: number, version, procedure: pong });
    } else if (frame.type === MESSAGE_TYPE.CALL) {
      const refused = rpcError(`Cannot find program ${frame.program | 0} version ${frame.version | 0}`);
      writeError(this.#outbox, frame, MESSAGE_TYPE.REPLY, refused);
    }
  }

  #takeCall(frame: Frame): void {
    const { serial } = frame;
    try {
      if (frame.status !== MESSAGE_STATUS.OK) throw rpcError(`Unexpected message status ${frame.status}`);
      const entry = ENTRIES.get(frame.procedure);
      if (entry === undefined) throw rpcError(`unknown procedure: ${frame.procedure}`);
      const args = argsOf(entry.call, frame);
      const context = new SessionCallContext(this, entry.name, serial);
      const result = this.#perform(entry, args, context);
      if (result instanceof Promise) void this.#late(entry, args, context, result);
      else writeReply(this.#outbox, entry, serial, args, result);
    } catch (error) {
      this.#fail(frame.procedure, serial, error);
    }
  }

  #perform({ name }: AdminEntry, args: Args, context: CallContext): MaybePromise<unknown> {
    if (name === "connectClose") {
      setImmediate(() => this.shutDown());
      return undefined;
    }
    return (this.#calls[name as keyof AdminCalls] as Handler)(args, context);
  }

  async #late(entry: AdminEntry, args: Args, context: SessionCallContext, result: Promise<unknown>): Promise<void> {
    this.#running = context;
    try {
      const settled = await result;
      if (!this.#over) writeReply(this.#outbox, entry, context.serial, args, settled);
    } catch (error) {
      if (!this.#over) this.#fail(entry.call.number, context.serial, error);
    }
    this.#running = undefined;
    this.#work();
  }

  #fail(procedure: number, serial: number, thrown: unknown): void {
    if (!(thrown instanceof VirtError)) this.log.error({ err: thrown }, "an admin call failed unforeseen");
    const { number: program, version } = adminProgram;
    const answered = { program, version, procedure, serial };
    writeError(this.#outbox, answered, MESSAGE_TYPE.REPLY, VirtError.from(thrown, "ADMIN"));
  }

  #refuse(error: unknown): void {
    const reason = error instanceof FrameError ? error.message : error;
    this.log.info({ reason }, "a client broke the protocol; its connection is closed");
    this.#over = true;
    this.#socket.destroy();
  }
}

function argsOf(call: Call, frame: Frame): Args {
  try {
    return call.args.decode(reader.reset(frame.buffer, frame.body, frame.end));
  } catch (error) {
    if (error instanceof xdr.XdrError) throw rpcError("Unable to decode message payload");
    throw error;
  }
}
