import { closeAll, type Descriptor, keepaliveProgram, VirtError } from "@polyvisor/core";
import { descriptorsBehind, type Frame, MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc/wire";
import { NO_DESCRIPTORS, takeAlong } from "./descriptors.js";
import { argsOf, entryOf } from "./dispatch.js";
import { rpcError } from "./errors.js";
import { writeError, writeKeepalive } from "./messages.js";
import type { Session } from "./session.js";
import { isLoginCall } from "./session-calls.js";
import { type DispatchTable, tableOf } from "./table.js";

/** Finds out what a message of a client is for. Throws where the client does not keep to the protocol. */
export function takeMessage(session: Session, frame: Frame): void {
  const table = tableOf(frame.program, frame.version);
  if (table !== undefined) takeOwn(session, table, frame);
  else if (frame.program === keepaliveProgram.number && frame.type === MESSAGE_TYPE.MESSAGE)
    takeKeepalive(session, frame);
  else if (frame.type === MESSAGE_TYPE.CALL) answerUnknown(session, frame);
  else if (frame.type === MESSAGE_TYPE.CALL_WITH_FDS) takeWithDescriptors(session, undefined, frame);
}

function answerUnknown({ outbox }: Session, frame: Frame): void {
  const error = rpcError(`Cannot find program ${frame.program | 0} version ${frame.version | 0}`);
  writeError(outbox, frame, MESSAGE_TYPE.REPLY, error);
}

function takeOwn(session: Session, table: DispatchTable, frame: Frame): void {
  if (frame.type === MESSAGE_TYPE.CALL) takeCall(session, table, frame);
  else if (frame.type === MESSAGE_TYPE.STREAM || frame.type === MESSAGE_TYPE.STREAM_HOLE) session.streams.take(frame);
  else if (frame.type === MESSAGE_TYPE.CALL_WITH_FDS) takeWithDescriptors(session, table, frame);
  // Replies and events are ours to send: libvirt ignores a client that sends some, and so does this.
}

/** Descriptors that no call takes are closed. */
function takeWithDescriptors(session: Session, table: DispatchTable | undefined, message: Frame): void {
  const { count, frame } = descriptorsBehind(message);
  session.receiveDescriptors(count, (descriptors) => {
    if (table !== undefined) takeCall(session, table, frame, descriptors);
    else {
      closeAll(descriptors);
      answerUnknown(session, frame);
    }
  });
}

function takeCall(
  session: Session,
  table: DispatchTable,
  frame: Frame,
  descriptors: readonly Descriptor[] = NO_DESCRIPTORS,
): void {
  try {
    if (frame.status !== MESSAGE_STATUS.OK) throw rpcError(`Unexpected message status ${frame.status}`);
    const entry = entryOf(table, frame);
    if (session.login !== undefined && !isLoginCall(entry.name)) throw rpcError("authentication required");
    session.submit(entry, takeAlong(entry, argsOf(entry, frame), descriptors), frame.serial);
  } catch (error) {
    closeAll(descriptors);
    if (!(error instanceof VirtError)) throw error;
    writeError(session.outbox, frame, MESSAGE_TYPE.REPLY, error);
  }
}

function takeKeepalive({ outbox }: Session, frame: Frame): void {
  const { number, version, ping, pong } = keepaliveProgram;
  if (frame.version === version && frame.procedure === ping)
    writeKeepalive(outbox, { program: number, version, procedure: pong });
}
