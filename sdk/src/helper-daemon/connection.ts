import type { Socket } from "node:net";
import {
  closeAll,
  type Descriptor,
  keepaliveProgram,
  type Log,
  type MaybePromise,
  type Program,
  VirtError,
  xdr,
} from "@polyvisor/core";
import { descriptorOf, type PeerCredentials, stopReading } from "../process/native.js";
import { ExactReader } from "../rpc/exact-reader.js";
import {
  descriptorsBehind,
  type Frame,
  FrameError,
  MESSAGE_BYTES_MAX,
  MESSAGE_STATUS,
  MESSAGE_TYPE,
} from "../rpc/frame.js";
import { writeWithDescriptors } from "../rpc/send-descriptors.js";
import { type Answer, bareMessage, errorAnswer, replyOf, rpcError } from "./answer.js";
import { ByteQueue, frameOf } from "./byte-queue.js";
import type { HelperClient } from "./handlers.js";

/** A client may send this much ahead of what is worked on, in bytes; one that sends more has lost its senses. */
const AHEAD_BYTES = MESSAGE_BYTES_MAX + 1048576;

type Handler = (args: Record<string, unknown>, client: HelperClient<unknown>) => MaybePromise<unknown>;

/** What all connections of a server share. */
export interface ConnectionTerms {
  readonly program: Program;
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly log: Log;
}

/** A connection in words that outlive the program. */
export interface SavedConnection {
  readonly id: number;
  readonly descriptor: number;
  readonly credentials: PeerCredentials;
  readonly state: unknown;
  /** What came and has not been worked on, in base64: half a message perhaps. */
  readonly unread: string;
}

/** One client: its calls are carried out one after the other, each when the answer of the one before has left. */
export class HelperConnection implements HelperClient<unknown> {
  readonly id: number;
  readonly credentials: PeerCredentials;
  readonly log: Log;
  state: unknown;
  readonly #socket: Socket;
  readonly #terms: ConnectionTerms;
  readonly #input = new ByteQueue();
  readonly #closing = new AbortController();
  #busy = false;
  #held = false;
  #idle: () => void = () => {};
  /** Where calls of the program take descriptors. */
  #exact: ExactReader | undefined;

  /** Reads nothing before `start`. */
  constructor(
    socket: Socket,
    terms: ConnectionTerms,
    who: { readonly id: number; readonly credentials: PeerCredentials },
    state: unknown,
  ) {
    this.id = who.id;
    this.credentials = who.credentials;
    this.state = state;
    this.log = terms.log.child({ client: who.id, pid: who.credentials.pid });
    this.#socket = socket;
    this.#terms = terms;
    socket.on("error", (error) => this.log.debug({ err: error }, "the connection failed"));
    // What a client still waits for, it does not get when it has hung up: the end is told at once.
    socket.on("end", () => socket.destroy());
    socket.once("close", () => this.#closing.abort());
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  start(unread?: Buffer): void {
    if (unread !== undefined) this.#input.push(unread);
    const { calls } = this.#terms.program;
    if (Object.values(calls).some(({ descriptors }) => descriptors === "taken")) this.#readExactly();
    else this.#socket.on("data", (chunk: Buffer) => this.#came(chunk)).resume();
    this.#work();
  }

  #came(chunk: Buffer): void {
    this.#input.push(chunk);
    if (this.#input.length > AHEAD_BYTES) this.#giveUp("it sends more than it waits for");
    else this.#work();
  }

  /** Descriptors stand between the bytes. The reader's memory is used again as soon as it has told. */
  #readExactly(): void {
    stopReading(this.#socket);
    this.#exact = new ExactReader(this.#socket, {
      wanted: () => this.#input.wanted,
      read: (bytes) => {
        this.#came(Buffer.from(bytes));
        // Behind a message that waits, a descriptor may stand.
        if (this.#input.wanted === 0) this.#exact?.pause();
      },
      ended: () => this.#socket.destroy(),
      failed: (error) => this.#socket.destroy(error),
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Begins no further call. Resolves when the one that runs is over and its answer has left. */
  hold(): Promise<void> {
    this.#held = true;
    if (!this.#busy || this.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
      this.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /** Goes on after `hold`. */
  release(): void {
    this.#held = false;
    this.#work();
  }

  /** Called when it is held. Whatever comes after this belongs to the next program: no turn of the event loop may follow. */
  save(): SavedConnection {
    const { id, credentials, state } = this;
    const unread = this.#input.rest().toString("base64");
    return { id, descriptor: descriptorOf(this.#socket), credentials, state, unread };
  }

  #work(): void {
    try {
      while (!this.#busy && !this.#held && !this.signal.aborted) {
        const message = this.#input.message();
        if (message === undefined) {
          this.#exact?.resume();
          return;
        }
        this.#take(frameOf(message));
      }
    } catch (error) {
      this.#giveUp((error as Error).message);
    }
  }

  #take(frame: Frame): void {
    const { program } = this.#terms;
    if (frame.program === keepaliveProgram.number && frame.type === MESSAGE_TYPE.MESSAGE) this.#pong(frame);
    else if (frame.type === MESSAGE_TYPE.CALL_WITH_FDS) this.#takeWithDescriptors(frame);
    else if (frame.type !== MESSAGE_TYPE.CALL) return;
    else if (frame.program !== program.number || frame.version !== program.version)
      this.#send(errorAnswer(frame, rpcError(`Cannot find program ${frame.program | 0} version ${frame.version}`)));
    else void this.#carryOut(frame, []);
  }

  #takeWithDescriptors(message: Frame): void {
    if (this.#exact === undefined) throw new FrameError("descriptors came that no call takes");
    const { count, frame } = descriptorsBehind(message);
    const asked = { ...frame };
    this.#busy = true;
    this.#exact.receive(count, (result) => {
      if (result instanceof Error) this.#giveUp(result.message);
      else void this.#carryOut(asked, result);
    });
  }

  #pong({ procedure }: Frame): void {
    const { number, version, ping, pong } = keepaliveProgram;
    if (procedure === ping) this.#send(bareMessage(number, version, pong));
  }

  async #carryOut(frame: Frame, descriptors: readonly Descriptor[]): Promise<void> {
    this.#busy = true;
    const asked = { ...frame };
    const answer = await this.#answer(asked, descriptors).catch((error: unknown) => {
      if (!(error instanceof VirtError)) this.log.error({ err: error }, "a call failed unforeseen");
      return errorAnswer(asked, VirtError.from(error, "RPC"));
    });
    closeAll(descriptors);
    this.#send(answer);
  }

  async #answer(frame: Frame, descriptors: readonly Descriptor[]): Promise<Answer> {
    const { program, handlers } = this.#terms;
    if (frame.status !== MESSAGE_STATUS.OK) throw rpcError(`Unexpected message status ${frame.status}`);
    const found = Object.entries(program.calls).find(([, { number }]) => number === frame.procedure);
    if (found === undefined) throw rpcError(`unknown procedure: ${frame.procedure}`);
    const [name, call] = found;
    const args = decode(call.args, frame);
    const handler = handlers[name];
    if (handler === undefined) throw rpcError(`unknown procedure: ${frame.procedure}`);
    const given = call.descriptors === "taken" ? { ...args, descriptors } : args;
    return replyOf(call, frame, args, await handler(given, this));
  }

  /** Nothing more is worked on before it has left. */
  #send({ bytes, descriptors }: Answer): void {
    this.#busy = true;
    writeWithDescriptors(this.#socket, bytes, descriptors, (error) => {
      this.#busy = false;
      if (error !== undefined) this.#socket.destroy();
      this.#idle();
      this.#work();
    });
  }

  #giveUp(why: string): void {
    this.log.warn({ why }, "a client is dropped: it does not keep to the protocol");
    this.#socket.destroy();
  }
}

function decode(codec: xdr.Codec<Record<string, unknown>, never>, frame: Frame): Record<string, unknown> {
  try {
    return codec.decode(new xdr.XdrReader(frame.buffer).reset(frame.buffer, frame.body, frame.end));
  } catch {
    throw rpcError("Unable to decode message payload");
  }
}
