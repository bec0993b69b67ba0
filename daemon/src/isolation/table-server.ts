import type { Socket } from "node:net";
import {
  type Call,
  type CallContext,
  descriptorAndReply,
  type Identity,
  type Log,
  type MaybePromise,
  notSupported,
  type Program,
  VirtError,
  xdr,
} from "@polyvisor/core";
import { type Frame, FrameError, FrameSplitter, MESSAGE_TYPE } from "@polyvisor/sdk/rpc/wire";
import { rpcError } from "../rpc/errors.js";
import { answerTo, writeError, writeReply } from "../rpc/messages.js";
import { Outbox } from "../rpc/outbox.js";
import { CALLER, type Caller, type WithCaller } from "./caller.js";
import { errorToWire } from "./foreign.js";

type Handler = (args: unknown, context: CallContext) => MaybePromise<unknown>;

/** Handlers by the names of a table. */
export type Handlers = Readonly<Record<string, unknown>>;

/** What is served: a program, and who answers its calls. */
export interface ServedTable {
  readonly program: Program;
  /** Whose handlers answer a call: chosen by its caller where the program's calls have one. */
  handlersFor(caller: Caller | undefined): MaybePromise<Handlers>;
}

const NOBODY: Identity = {};

/** One reader for all connections: decoding never waits. */
const reader = new xdr.XdrReader(Buffer.alloc(0));

/**
 * Answers calls of a few tables on one connection whose other end is trusted: as many at a time as come, each once it is
 * ready. Calls that bring descriptors are none of these tables'; one may give some.
 */
export class TableServer {
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #tables: ReadonlyMap<number, ServedTable>;
  readonly #log: Log;
  readonly #outbox: Outbox;
  readonly #splitter = new FrameSplitter();
  /** Calls that run and may be cancelled. */
  readonly #running = new Map<number, AbortController>();
  readonly #over = new AbortController();

  /** Takes over a connected socket and begins to read. */
  constructor(socket: Socket, tables: readonly ServedTable[], log: Log) {
    this.#socket = socket;
    this.#tables = new Map(tables.map((table) => [table.program.number, table]));
    this.#log = log;
    const ignored = () => {};
    const watch = { grown: ignored, lost: () => socket.destroy(), losesEvents: ignored, takesEvents: ignored };
    this.#outbox = new Outbox(socket, watch);
    socket.on("error", (error) => log.debug({ err: error }, "a connection between a host and a plugin failed"));
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#end();
        resolve();
      });
    });
  }

  /** The caller of a call waits for it no more. */
  cancel(id: number): void {
    this.#running.get(id)?.abort();
  }

  #end(): void {
    this.#over.abort();
    for (const controller of this.#running.values()) controller.abort();
  }

  #read(chunk: Buffer): void {
    this.#outbox.gather();
    try {
      this.#splitter.feed(chunk);
      while (this.#splitter.next()) this.#take(this.#splitter.frame);
    } catch (error) {
      this.#log.error({ err: error }, "a host and a plugin do not understand each other");
      this.#socket.destroy();
    }
    this.#outbox.flush();
  }

  #take(frame: Frame): void {
    if (frame.type !== MESSAGE_TYPE.CALL) throw new FrameError(`a message of type ${frame.type} came`);
    const table = this.#tables.get(frame.program);
    const found = table && Object.entries(table.program.calls).find(([, { number }]) => number === frame.procedure);
    if (table === undefined || found === undefined) {
      writeError(this.#outbox, { ...frame }, MESSAGE_TYPE.REPLY, rpcError(`unknown procedure: ${frame.procedure}`));
      return;
    }
    const [name, call] = found;
    const args: WithCaller = call.args.decode(reader.reset(frame.buffer, frame.body, frame.end));
    void this.#answer(table, name, call, args, frame.serial);
  }

  async #answer(table: ServedTable, name: string, call: Call, args: WithCaller, serial: number): Promise<void> {
    const entry = { program: table.program, call };
    const caller = args[CALLER];
    const controller = caller === undefined || caller.id === 0 ? undefined : new AbortController();
    if (caller !== undefined && controller !== undefined) this.#running.set(caller.id, controller);
    try {
      const handlers = await table.handlersFor(caller);
      const handler = handlers[name] as Handler | undefined;
      if (handler === undefined) throw notSupported(name);
      const result = await handler.call(handlers, args, {
        identity: caller?.identity ?? NOBODY,
        readOnly: caller?.readOnly ?? false,
        signal: controller?.signal ?? this.#over.signal,
        log: this.#log,
      });
      this.#reply(entry, serial, args, result);
    } catch (error) {
      if (!(error instanceof VirtError))
        this.#log.error({ err: error, call: name }, "a call failed in a way that nobody foresaw");
      if (!this.#socket.destroyed)
        writeError(this.#outbox, answerTo(entry, serial), MESSAGE_TYPE.REPLY, errorToWire(error));
    }
    if (caller !== undefined) this.#running.delete(caller.id);
  }

  #reply(entry: { program: Program; call: Call }, serial: number, args: WithCaller, result: unknown): void {
    if (entry.call.descriptors !== "given") {
      if (!this.#socket.destroyed) writeReply(this.#outbox, entry, serial, args, result);
      return;
    }
    const { descriptor, reply } = descriptorAndReply(entry.call, result);
    if (this.#socket.destroyed) descriptor.close();
    else writeReply(this.#outbox, entry, serial, args, reply, [descriptor]);
  }
}
