import { xdr } from "@polyvisor/core";
import { type Frame, FrameError } from "./frame.js";

/** What the message of a hole in a stream carries (`virNetStreamHole`). */
const HOLE = xdr.struct({ length: xdr.i64, flags: xdr.u32 });

/** One reader for all connections: decoding never waits. */
const reader = new xdr.XdrReader(Buffer.alloc(0));

/** The hole that a message of type `STREAM_HOLE` tells of. Throws a `FrameError` where it tells of none. */
export function holeOf({ buffer, body, end }: Frame): { readonly length: bigint; readonly flags: number } {
  try {
    return HOLE.decode(reader.reset(buffer, body, end));
  } catch (error) {
    if (error instanceof xdr.XdrError) throw new FrameError("Malformed stream hole packet");
    throw error;
  }
}

/** The body of a message about a hole of so many bytes. */
export function holeBody(length: bigint): Buffer {
  return xdr.encodeToBuffer(HOLE, { length, flags: 0 });
}
