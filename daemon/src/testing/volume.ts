import { Duplex } from "node:stream";
import { isHole, type StreamChunk } from "@polyvisor/core";

/** A volume's end of a stream with holes: a test says what it holds, and sees what was written to it. */
export class TestVolume extends Duplex {
  readonly written: StreamChunk[] = [];
  finished = false;
  /** While set, the volume takes nothing; called it takes again. */
  stuck: (() => void) | undefined;

  /** `contents` are what a client reads. */
  constructor(contents: Iterable<StreamChunk> = [], sparse = true) {
    super({ objectMode: sparse, highWaterMark: sparse ? 1 : 65536 });
    const chunks = contents[Symbol.iterator]();
    this._read = () => this.push(chunks.next().value ?? null);
  }

  override _write(chunk: StreamChunk, _encoding: BufferEncoding, done: () => void): void {
    this.written.push(isHole(chunk) ? chunk : Buffer.from(chunk));
    if (this.stuck === undefined) done();
    else this.stuck = done;
  }

  override _final(done: () => void): void {
    this.finished = true;
    done();
  }

  /** The volume takes again what it was given. */
  release(): void {
    const go = this.stuck;
    this.stuck = undefined;
    go?.();
  }
}

/** The bytes that chunks mean. */
export function bytesOf(chunks: readonly StreamChunk[]): Buffer {
  return Buffer.concat(chunks.map((chunk) => (isHole(chunk) ? Buffer.alloc(Number(chunk.hole)) : chunk)));
}
