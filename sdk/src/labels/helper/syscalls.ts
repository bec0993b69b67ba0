import { createRequire } from "node:module";
import { constants } from "node:os";
import type { LibraryHandle } from "koffi";
import { NativeError } from "../../process/libc.js";

/** System calls on files that Node has none for. They wait for file systems: only a helper process makes them. */
interface FileCalls {
  getxattr(path: string, name: string, value: Buffer, size: number): number;
  setxattr(path: string, name: string, value: Buffer, size: number, flags: number): number;
  removexattr(path: string, name: string): number;
  fcntl(fd: number, command: number, argument: Buffer): number;
  errno(): number;
}

let loaded: FileCalls | undefined;

function calls(): FileCalls {
  loaded ??= load();
  return loaded;
}

function load(): FileCalls {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const library: LibraryHandle = koffi.load(null);
  const declare = (declaration: string) => library.func(declaration) as (...args: unknown[]) => number;
  return {
    getxattr: declare("intptr_t getxattr(const char *, const char *, _Out_ uint8_t *, size_t)"),
    setxattr: declare("int setxattr(const char *, const char *, const uint8_t *, size_t, int)"),
    removexattr: declare("int removexattr(const char *, const char *)"),
    fcntl: declare("int fcntl(int, int, _Inout_ uint8_t *)"),
    errno: () => koffi.errno(),
  };
}

const { ENODATA, EOPNOTSUPP, ENOSYS, EAGAIN, EACCES } = constants.errno;
const MAX_VALUE = 65536;

/** An extended attribute's value; `undefined` where the file has none of that name. */
export function getAttribute(path: string, name: string): string | undefined {
  const value = Buffer.alloc(MAX_VALUE);
  const size = calls().getxattr(path, name, value, value.length);
  if (size >= 0) return value.toString("utf8", 0, size);
  const errno = calls().errno();
  if (errno === ENODATA) return undefined;
  throw new NativeError("getxattr", errno);
}

export function setAttribute(path: string, name: string, text: string): void {
  const value = Buffer.from(text);
  if (calls().setxattr(path, name, value, value.length, 0) < 0) throw new NativeError("setxattr", calls().errno());
}

/** What is not there is no error. */
export function removeAttribute(path: string, name: string): void {
  if (calls().removexattr(path, name) === 0) return;
  const errno = calls().errno();
  if (errno !== ENODATA) throw new NativeError("removexattr", errno);
}

/** The file system has no such attributes. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof NativeError && (error.errno === EOPNOTSUPP || error.errno === ENOSYS);
}

const F_OFD_SETLK = 37;
const F_WRLCK = 1;
/** `struct flock` of 64-bit hosts: type, whence, start, length, pid. */
const FLOCK_BYTES = 32;
/** The byte that libvirt locks while it changes a file's labels; byte 0 is for its contents. */
const METADATA_OFFSET = 1n;

/** Tries to lock the byte of a file that stands for its labels. The lock goes with the descriptor. */
export function tryMetadataLock(fd: number): boolean {
  const flock = new ArrayBuffer(FLOCK_BYTES);
  new Int16Array(flock)[0] = F_WRLCK;
  new BigInt64Array(flock).set([METADATA_OFFSET, 1n], 1);
  if (calls().fcntl(fd, F_OFD_SETLK, Buffer.from(flock)) === 0) return true;
  const errno = calls().errno();
  if (errno === EAGAIN || errno === EACCES) return false;
  throw new NativeError("fcntl", errno);
}
