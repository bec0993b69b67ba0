import { Transform, type TransformCallback } from "node:stream";

/** What a terminal sends for the return key. */
const RETURN = 13;

/** The far end of a guest's terminal: it says which guest it is, and then whatever it hears, as a terminal echoes it. */
export class EchoTerminal extends Transform {
  constructor(greeting: string) {
    super();
    this.push(greeting);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    done(null, chunk.includes(RETURN) ? Buffer.from(chunk.toString("latin1").replace(/\r/g, "\r\n"), "latin1") : chunk);
  }
}
