import type { Call } from "./define.js";

/**
 * So many bytes of a stream that are zero and are not sent. Only the stream of a call that was made with its `sparseFlag` has
 * holes: in process such a stream is a `Duplex` in object mode, whose chunks are buffers and holes.
 */
export interface StreamHole {
  readonly hole: bigint;
}

/** What goes through a stream that may have holes. */
export type StreamChunk = Uint8Array | StreamHole;

export function isHole(chunk: StreamChunk): chunk is StreamHole {
  return !(chunk instanceof Uint8Array);
}

/** Whether the stream that a call opens with these arguments may have holes. */
export function mayHaveHoles({ sparseFlag }: Call, { flags }: { readonly flags?: unknown }): boolean {
  return sparseFlag !== undefined && typeof flags === "number" && (flags & sparseFlag) !== 0;
}
