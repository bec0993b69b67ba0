import {
  type Call,
  type Descriptor,
  descriptorAndReply,
  resultToWire,
  VirtError,
  wireError,
  wireErrorOf,
  xdr,
} from "@polyvisor/core";
import { beginFrame, endFrame, type Frame, frameBytes, MESSAGE_STATUS, MESSAGE_TYPE } from "../rpc/frame.js";

/** What goes back to a client: bytes, and the descriptors that follow them. */
export interface Answer {
  readonly bytes: Buffer;
  readonly descriptors: readonly Descriptor[];
}

export type Answered = Pick<Frame, "program" | "version" | "procedure" | "serial">;

const FIRST_BYTES = 512;

export function rpcError(detail: string): VirtError {
  return new VirtError("RPC", detail, { domain: "RPC" });
}

/** The answer of a call that worked. The descriptor of a result becomes the answer's. Throws where it fits into no message. */
export function replyOf(call: Call, asked: Answered, args: Record<string, unknown>, result: unknown): Answer {
  const { descriptors, reply } = partsOf(call, args, result);
  const type = descriptors.length > 0 ? MESSAGE_TYPE.REPLY_WITH_FDS : MESSAGE_TYPE.REPLY;
  const writer = new xdr.XdrWriter(FIRST_BYTES);
  try {
    const start = beginFrame(writer, { ...headerOf(asked), type, status: MESSAGE_STATUS.OK });
    if (descriptors.length > 0) writer.u32(descriptors.length);
    (call.ret as unknown as xdr.Codec<unknown, unknown>).encode(writer, reply);
    endFrame(writer, start);
  } catch (error) {
    for (const descriptor of descriptors) descriptor.close();
    throw rpcError(`Unable to encode message payload: ${(error as Error).message}`);
  }
  return { bytes: writer.take(), descriptors };
}

export function errorAnswer(asked: Answered, error: VirtError): Answer {
  const writer = new xdr.XdrWriter(FIRST_BYTES);
  const start = beginFrame(writer, {
    ...headerOf(asked),
    type: MESSAGE_TYPE.REPLY,
    status: MESSAGE_STATUS.ERROR,
  });
  wireError.encode(writer, wireErrorOf(error));
  endFrame(writer, start);
  return { bytes: writer.take(), descriptors: [] };
}

/** A message without a body: of the keepalive program. */
export function bareMessage(program: number, version: number, procedure: number): Answer {
  const header = { program, version, procedure, type: MESSAGE_TYPE.MESSAGE, serial: 0, status: MESSAGE_STATUS.OK };
  return { bytes: frameBytes(header), descriptors: [] };
}

function partsOf(
  call: Call,
  args: Record<string, unknown>,
  result: unknown,
): { descriptors: readonly Descriptor[]; reply: unknown } {
  if (call.descriptors !== "given") return { descriptors: [], reply: resultToWire(call, result, args) };
  const { descriptor, reply } = descriptorAndReply(call, result);
  return { descriptors: [descriptor], reply };
}

function headerOf({ program, version, procedure, serial }: Answered): Answered {
  return { program, version, procedure, serial };
}
