import { Descriptor } from "@polyvisor/core";
import { check, EAGAIN, LITTLE_ENDIAN, libc, NativeError, readU32, writeU32 } from "./libc.js";
import { closeDescriptor } from "./native.js";

/** Pipes that others write to. All but `moveToFile` returns at once. */

export interface Pipe {
  /** Reading it never waits. */
  readonly reader: Descriptor;
  /** Writing to it waits where the pipe is full, as of any pipe. */
  readonly writer: Descriptor;
}

const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const F_SETFL = 4;
const FIONREAD = 0x541b;
const SPLICE_F_MOVE = 1;
const SPLICE_F_NONBLOCK = 2;
const POLLIN = 1;
const POLLHUP = 16;
/** What a pipe holds unless somebody makes it larger, in bytes. */
export const PIPE_BYTES = 65536;

/** Of a pipe, so that closing it never waits: the other end learns of it at once. */
class PipeEnd extends Descriptor {
  #isOpen = true;

  override take(): number {
    const fd = super.take();
    this.#isOpen = false;
    return fd;
  }

  override close(): void {
    if (this.#isOpen) closeDescriptor(this.take());
  }
}

/** A pipe that no child inherits. */
export function makePipe(): Pipe {
  const pair = Buffer.alloc(8);
  check("pipe2", libc().pipe2(pair, O_CLOEXEC));
  const [reader, writer] = [readU32(pair, 0), readU32(pair, 4)];
  libc().fcntlNumber(reader, F_SETFL, O_NONBLOCK);
  return { reader: new PipeEnd(reader), writer: new PipeEnd(writer) };
}

/** How many bytes wait in a pipe. */
export function bytesInPipe(reader: number): number {
  const count = Buffer.alloc(4);
  check("ioctl", libc().ioctl(reader, FIONREAD, count));
  return readU32(count, 0);
}

/** Whether all has been read, and nobody is left who could write more. */
export function isAtEnd(reader: number): boolean {
  const events = pollPipe(reader);
  return (events & POLLHUP) !== 0 && (events & POLLIN) === 0;
}

function pollPipe(reader: number): number {
  const pollfd = Buffer.alloc(8);
  writeU32(pollfd, reader, 0);
  if (LITTLE_ENDIAN) pollfd.writeUInt16LE(POLLIN, 4);
  else pollfd.writeUInt16BE(POLLIN, 4);
  check("poll", libc().poll(pollfd, 1, 0));
  return LITTLE_ENDIAN ? pollfd.readUInt16LE(6) : pollfd.readUInt16BE(6);
}

/** What comes next, at most `length` bytes of it; empty where nothing waits there. */
export function takeFromPipe(reader: number, length: number): Buffer {
  const data = Buffer.allocUnsafeSlow(length);
  return data.subarray(0, readPipe(reader, data));
}

function readPipe(reader: number, data: Buffer): number {
  const got = libc().read(reader, data, data.length);
  if (got >= 0) return got;
  const errno = libc().errno();
  if (errno === EAGAIN) return 0;
  throw new NativeError("read", errno);
}

let scratch: { readonly reader: number; readonly writer: number } | undefined;

/** What comes next, which stays in the pipe: at most `length` bytes, and no more than `PIPE_BYTES`. */
export function peekIntoPipe(reader: number, length: number): Buffer {
  if (scratch === undefined) {
    const pipe = makePipe();
    scratch = { reader: pipe.reader.take(), writer: pipe.writer.take() };
  }
  const seen = libc().tee(reader, scratch.writer, length, SPLICE_F_NONBLOCK);
  return seen > 0 ? takeFromPipe(scratch.reader, seen) : Buffer.alloc(0);
}

/**
 * Moves bytes from a pipe into a file, at `offset`, without a moment in which they are in neither: a process that is killed
 * here loses none. Runs beside the event loop. Returns how many were moved; `undefined` where the file takes none this way:
 * it may be full, or of a kind that cannot, and nobody tells. The file must not be open for appending.
 */
export async function moveToFile(
  reader: number,
  file: number,
  offset: number,
  length: number,
): Promise<number | undefined> {
  const at = Buffer.allocUnsafeSlow(8);
  if (LITTLE_ENDIAN) at.writeBigInt64LE(BigInt(offset));
  else at.writeBigInt64BE(BigInt(offset));
  const moved = await libc().splice(reader, file, at, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  return moved < 0 ? undefined : moved;
}

/** The C library's words for an error of the system: `No such file or directory`. */
export function systemErrorText(errno: number): string {
  return libc().strerror(Math.abs(errno));
}
