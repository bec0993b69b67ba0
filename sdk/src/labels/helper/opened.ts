import { closeSync, constants, fstatSync, openSync, statfsSync } from "node:fs";
import { tryMetadataLock } from "./syscalls.js";

/** A file that stays the same whatever becomes of its name meanwhile. */
export interface OpenedFile {
  readonly path: string;
  readonly fd: number;
  /** By which its owner and its attributes are changed. */
  readonly name: string;
  /** Device and inode. */
  readonly identity: string;
}

const O_PATH = 0o10000000;
const POLL = 10;

/** Opens a file by its name alone, which has no effect on devices. Throws Node's own errors, `ENOENT` and the like. */
export function openByName(path: string, options: { readonly follow: boolean }): OpenedFile {
  const fd = openSync(path, O_PATH | (options.follow ? 0 : constants.O_NOFOLLOW));
  const status = fstatSync(fd, { bigint: true });
  if (status.isSymbolicLink()) {
    closeSync(fd);
    throw Object.assign(new Error("Too many levels of symbolic links"), { code: "ELOOP" });
  }
  return { path, fd, name: `/proc/self/fd/${fd}`, identity: `${status.dev}:${status.ino}` };
}

export function closeFile({ fd }: OpenedFile): void {
  closeSync(fd);
}

/** A file on which nobody else changes labels until `unlock`; of some that is impossible, and they are `free`. */
export interface MetadataLock {
  readonly isHeld: boolean;
  unlock(): void;
}

const FREE: MetadataLock = { isHeld: false, unlock() {} };

/** Locks are waited for by looking again and again; one stock of time is for all of a request. */
export class LockWait {
  #left: number;
  readonly #pause = new Int32Array(new SharedArrayBuffer(4));

  constructor(milliseconds: number) {
    this.#left = milliseconds;
  }

  /** False where the time is over. */
  pause(): boolean {
    if (this.#left <= 0) return false;
    const before = performance.now();
    Atomics.wait(this.#pause, 0, 0, POLL);
    this.#left -= performance.now() - before;
    return true;
  }
}

/** Throws `EAGAIN` where the time for locks is over. `waits` is called once where somebody else has it. */
export function lockMetadata(file: OpenedFile, wait: LockWait, waits: () => void): MetadataLock {
  const fd = openForLock(file);
  if (fd === undefined) return FREE;
  try {
    for (let first = true; !tryMetadataLock(fd); first = false) {
      if (first) waits();
      if (!wait.pause()) throw Object.assign(new Error("Resource temporarily unavailable"), { code: "EAGAIN" });
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return { isHeld: true, unlock: () => closeSync(fd) };
}

/** A write lock needs a descriptor that may write. What has none stays without a lock, as with libvirt. */
function openForLock(file: OpenedFile): number | undefined {
  const status = fstatSync(file.fd);
  if (status.isDirectory()) return undefined;
  try {
    return openSync(file.name, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (status.isSocket() || codeOf(error) === "EROFS" || isNetworkFileSystem(file)) return undefined;
    throw error;
  }
}

/** NFS, SMB, CIFS, Ceph, AFS, GFS2, OCFS2, GPFS, Quobyte, FUSE: whose servers may have other ideas of what root may do. */
const NETWORK = new Set([
  0x6969, 0x517b, 0xff534d42, 0x00c36400, 0x5346414f, 0x01161970, 0x7461636f, 0x47504653, 0x51626d6e, 0x65735546,
]);

function isNetworkFileSystem({ name }: OpenedFile): boolean {
  return NETWORK.has(statfsSync(name).type >>> 0);
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
