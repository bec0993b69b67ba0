import type { Program, xdr } from "@polyvisor/core";
import { protocolError } from "./client-errors.js";
import type { Frame } from "./frame.js";

/** A program by its numbers; its calls are named at each call. */
export type ProgramId = Pick<Program, "number" | "version">;

export function isOf(program: ProgramId, frame: Frame): boolean {
  return program.number === frame.program && program.version === frame.version;
}

/** What a message carries. Bytes behind it are left alone: a newer peer may send more than is known here. */
export function decodeBody<Out>(codec: xdr.Codec<Out, never>, reader: xdr.XdrReader, frame: Frame): Out {
  try {
    return codec.decode(reader.reset(frame.buffer, frame.body, frame.end));
  } catch (error) {
    throw protocolError(`Unable to decode message payload: ${(error as Error).message}`, error);
  }
}
