import {
  closeAll,
  type Descriptor,
  type Program,
  remoteProgram,
  resultToWire,
  type VirtError,
  wireError,
  wireErrorOf,
  type xdr,
} from "@polyvisor/core";
import {
  beginFrame,
  endFrame,
  type Frame,
  type FrameHeader,
  holeBody,
  MESSAGE_STATUS,
  MESSAGE_TYPE,
} from "@polyvisor/sdk/rpc/wire";
import { rpcError } from "./errors.js";
import { eventFrame } from "./event-frame.js";
import type { Outbox } from "./outbox.js";
import type { Args, Entry } from "./table.js";

/** What an answer takes from the entry of its call. */
export type AnswerEntry = Pick<Entry, "program" | "call">;

/** What an answer repeats of the message that it answers. */
export type Answered = Pick<Frame, "program" | "version" | "procedure" | "serial">;

export function answerTo({ program, call }: AnswerEntry, serial: number): Answered {
  return { program: program.number, version: program.version, procedure: call.number, serial };
}

/** Every header has its fields in this order: copied with `...` it would cost more than all else about a small reply. */
function headerOf({ program, version, procedure, serial }: Answered, type: number, status: number): FrameHeader {
  return { program, version, procedure, type, serial, status };
}

const NONE: readonly Descriptor[] = [];

/**
 * The reply of a call that worked; an error instead, and `false`, where the result does not fit into a message. Of a call
 * that opens a stream or gives descriptors `result` is what the reply carries beside it. The descriptors are the reply's.
 */
export function writeReply(
  outbox: Outbox,
  entry: AnswerEntry,
  serial: number,
  args: Args,
  result: unknown,
  descriptors: readonly Descriptor[] = NONE,
): boolean {
  const { writer } = outbox;
  const answered = answerTo(entry, serial);
  const type = descriptors.length === 0 ? MESSAGE_TYPE.REPLY : MESSAGE_TYPE.REPLY_WITH_FDS;
  const start = beginFrame(writer, headerOf(answered, type, MESSAGE_STATUS.OK));
  try {
    if (descriptors.length > 0) writer.u32(descriptors.length);
    const ret = entry.call.ret as unknown as xdr.Codec<unknown, unknown>;
    ret.encode(writer, resultToWire(entry.call, result, args));
    endFrame(writer, start);
  } catch (error) {
    writer.offset = start;
    closeAll(descriptors);
    writeError(
      outbox,
      answered,
      MESSAGE_TYPE.REPLY,
      rpcError(`Unable to encode message payload: ${(error as Error).message}`),
    );
    return false;
  }
  if (descriptors.length === 0) outbox.wrote();
  else outbox.pass(descriptors);
  return true;
}

/** An error that fails a call (`REPLY`) or ends a stream (`STREAM`). */
export function writeError(outbox: Outbox, answered: Answered, type: number, error: VirtError): void {
  const { writer } = outbox;
  const start = beginFrame(writer, headerOf(answered, type, MESSAGE_STATUS.ERROR));
  wireError.encode(writer, wireErrorOf(error));
  endFrame(writer, start);
  outbox.wrote();
}

/** A packet of a stream: data, or with none the end of this side (`CONTINUE`) or a confirmation (`OK`). */
export function writeStreamPacket(outbox: Outbox, answered: Answered, status: number, data?: Uint8Array): void {
  const { writer } = outbox;
  const start = beginFrame(writer, headerOf(answered, MESSAGE_TYPE.STREAM, status));
  if (data !== undefined) {
    writer.ensure(data.length);
    writer.buffer.set(data, writer.offset);
    writer.offset += data.length;
  }
  endFrame(writer, start);
  outbox.wrote();
}

/** Tells that so many bytes of a stream are zero. */
export function writeStreamHole(outbox: Outbox, answered: Answered, length: bigint): void {
  const { writer } = outbox;
  const start = beginFrame(writer, headerOf(answered, MESSAGE_TYPE.STREAM_HOLE, MESSAGE_STATUS.CONTINUE));
  writer.bytes(holeBody(length));
  endFrame(writer, start);
  outbox.wrote();
}

/** An event, unless the client leaves too many unread. */
export function writeEvent(
  outbox: Outbox,
  procedure: number,
  body: Buffer,
  callbackID: number | undefined,
  program: Program = remoteProgram,
): void {
  if (!outbox.hasRoomForEvent()) return;
  outbox.event(eventFrame(body, procedure, callbackID, program));
  outbox.meter?.sentEvent(program.number, procedure);
}

/** A message of the keepalive program, which has no body. */
export function writeKeepalive(outbox: Outbox, program: Omit<Answered, "serial">): void {
  const { writer } = outbox;
  const start = beginFrame(writer, headerOf({ ...program, serial: 0 }, MESSAGE_TYPE.MESSAGE, MESSAGE_STATUS.OK));
  endFrame(writer, start);
  outbox.wrote();
}
