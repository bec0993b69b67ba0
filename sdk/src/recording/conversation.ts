import { VirtError, wireError, xdr } from "@polyvisor/core";
import { decodeBody } from "../rpc/client-body.js";
import { errorOfPeer } from "../rpc/client-errors.js";
import { type Frame, MESSAGE_STATUS, MESSAGE_TYPE } from "../rpc/frame.js";
import { type Plain, type RecordedLine, toPlain } from "./lines.js";
import { callOf, messageOf, type NamedCall } from "./wire-names.js";

/** The feature by which a client asks whether descriptors may go with its calls (`VIR_DRV_FEATURE_FD_PASSING`). */
const FEATURE_DESCRIPTORS = 8;

type Said<Line> = Line extends RecordedLine ? Omit<Line, "at" | "client"> : never;

/** What goes over one connection, in words. Logging in and what streams carry is left out. */
export class Conversation {
  readonly #calls = new Map<number, NamedCall & { readonly asksForDescriptors: boolean }>();
  readonly #reader = new xdr.XdrReader(Buffer.alloc(0));
  readonly #tell: (line: Said<RecordedLine>) => void;

  constructor(tell: (line: Said<RecordedLine>) => void) {
    this.#tell = tell;
  }

  /** Called for each message of the client. */
  asked(frame: Frame): void {
    const entry = frame.type === MESSAGE_TYPE.CALL ? callOf(frame) : undefined;
    if (entry === undefined || entry.name.startsWith("auth")) return;
    const { serial } = frame;
    let args: Plain | undefined;
    try {
      args = toPlain(decodeBody(entry.call.args, this.#reader, frame));
      this.#tell({ serial, call: entry.name, args });
    } catch (error) {
      this.#tell({ serial, call: entry.name, problem: (error as Error).message });
    }
    this.#calls.set(serial, { ...entry, asksForDescriptors: asksForDescriptors(entry, args) });
  }

  /** Called for each message of the daemon, before it is handed on. One that cannot be read is not written down. */
  answered(frame: Frame): void {
    try {
      this.#read(frame);
    } catch (error) {
      if (!(error instanceof VirtError)) throw error;
    }
  }

  #read(frame: Frame): void {
    if (frame.type === MESSAGE_TYPE.MESSAGE) this.#notified(frame);
    const entry = isReply(frame) ? this.#calls.get(frame.serial) : undefined;
    if (entry === undefined) return;
    this.#calls.delete(frame.serial);
    if (frame.status !== MESSAGE_STATUS.OK) {
      const { code, message } = errorOfPeer(decodeBody(wireError, this.#reader, frame));
      this.#tell({ serial: frame.serial, error: { code, message } });
      return;
    }
    // Descriptors do not come through: the client is told that the daemon takes none.
    if (entry.asksForDescriptors) frame.buffer.writeInt32BE(0, frame.body);
    const answer = toPlain(decodeBody(entry.call.ret, this.#reader, frame));
    this.#tell({ serial: frame.serial, answer });
  }

  #notified(frame: Frame): void {
    const message = messageOf(frame);
    if (message === undefined) return;
    this.#tell({ event: message.name, body: toPlain(decodeBody(message.body, this.#reader, frame)) });
  }
}

function isReply({ type }: Frame): boolean {
  return type === MESSAGE_TYPE.REPLY;
}

function asksForDescriptors({ name }: NamedCall, args: Plain | undefined): boolean {
  return (
    name === "connectSupportsFeature" &&
    (args as { readonly feature?: Plain } | undefined)?.feature === FEATURE_DESCRIPTORS
  );
}
