import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errnoFailure, systemFailure } from "./failures.js";
import { backupsOf, checkBackups, isMissing, type Limits } from "./rolling-file.js";

/** A place to read from, as a client gives it. */
export interface Place {
  readonly inode: bigint;
  readonly offset: bigint;
}

interface Opened {
  readonly name: string;
  readonly file: FileHandle;
  readonly inode: bigint;
}

const EBADF = 9;
const EINVAL = 22;
/** Offsets are signed in the system's calls. */
const OFFSET_END = 1n << 63n;

/**
 * What a log holds from a place on, `length` bytes at most: from the file that has this inode, and all that are younger. Where
 * none has it, from the oldest one that may be kept. Answers as libvirt's daemon does, which ends at a NUL.
 */
export async function readLog(path: string, limits: Limits, place: Place, length: number): Promise<Buffer> {
  checkBackups(limits);
  const files = (await openAll([path, ...backupsOf(path, limits)])).reverse();
  try {
    const start = files.findIndex((each) => each?.inode === place.inode);
    const isGone = start === -1 && files[0] === undefined;
    const errno = isGone ? EBADF : place.offset >= OFFSET_END ? EINVAL : 0;
    if (errno !== 0) throw errnoFailure(`Unable to seek to inode ${place.inode} offset ${place.offset}`, errno, "NONE");
    const data = await readOn(files.slice(Math.max(0, start)), place.offset, length);
    const nul = data.indexOf(0);
    return nul === -1 ? data : data.subarray(0, nul);
  } finally {
    for (const each of files) await each?.file.close().catch(() => {});
  }
}

/** `undefined` for each that is not there. */
async function openAll(names: readonly string[]): Promise<(Opened | undefined)[]> {
  const files: (Opened | undefined)[] = [];
  try {
    for (const name of names) files.push(await openToRead(name));
    return files;
  } catch (error) {
    for (const each of files) await each?.file.close().catch(() => {});
    throw error;
  }
}

async function openToRead(name: string): Promise<Opened | undefined> {
  let file: FileHandle;
  try {
    // A named pipe has nothing to be read again: nobody waits for its writer.
    file = await open(name, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw systemFailure(`Unable to open file: ${name}`, error);
  }
  const { ino } = await file.stat({ bigint: true });
  return { name, file, inode: ino };
}

async function readOn(files: readonly (Opened | undefined)[], offset: bigint, length: number): Promise<Buffer> {
  const data = Buffer.alloc(length);
  let filled = 0;
  let at = offset;
  for (const each of files) {
    if (each === undefined) continue;
    filled += await readFrom(each, data.subarray(filled), at);
    at = 0n;
  }
  return data.subarray(0, filled);
}

async function readFrom({ name, file }: Opened, into: Buffer, offset: bigint): Promise<number> {
  // No file is so large.
  if (offset > Number.MAX_SAFE_INTEGER - into.length) return 0;
  let filled = 0;
  try {
    while (filled < into.length) {
      const at = Number(offset) + filled;
      const { bytesRead } = await file.read(into, filled, into.length - filled, at);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
  } catch (error) {
    throw systemFailure(`Unable to read from file ${name}`, error);
  }
  return filled;
}
