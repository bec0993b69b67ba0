import { createRequire } from "node:module";
import { endianness } from "node:os";
import { getSystemErrorName } from "node:util";
import type { LibraryHandle } from "koffi";

/** The C library, through koffi. */

/** A failed system call, in the shape of Node's own errors. */
export class NativeError extends Error {
  override readonly name = "NativeError";
  readonly errno: number;
  /** `ESRCH` and the like. */
  readonly code: string;
  readonly syscall: string;

  constructor(syscall: string, errno: number) {
    const code = getSystemErrorName(-errno);
    super(`${syscall}: ${code}`);
    this.syscall = syscall;
    this.errno = errno;
    this.code = code;
  }
}

/** Numbers of Linux that more than one of its callers here needs. */
export const AF_UNIX = 1;
export const SOCK_STREAM = 1;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const MSG_NOSIGNAL = 0x4000;
export const EAGAIN = 11;

export const LITTLE_ENDIAN = endianness() === "LE";

export function readU32(buffer: Buffer, offset: number): number {
  return LITTLE_ENDIAN ? buffer.readUInt32LE(offset) : buffer.readUInt32BE(offset);
}

export function writeU32(buffer: Buffer, value: number, offset: number): void {
  if (LITTLE_ENDIAN) buffer.writeUInt32LE(value, offset);
  else buffer.writeUInt32BE(value, offset);
}

export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Buffer, length: number): number;
  listen(fd: number, backlog: number): number;
  close(fd: number): number;
  sendto(fd: number, data: Buffer, length: number, flags: number, address: Buffer, addressLength: number): number;
  getsockopt(fd: number, level: number, name: number, value: Buffer, length: Buffer): number;
  ioctl(fd: number, request: number, argument: Buffer): number;
  /** `ioctl` of a request whose argument is a number. */
  ioctlNumber(fd: number, request: number, argument: number): number;
  /** For devices alone: a path of another kind may wait. */
  open(path: string, flags: number): number;
  mknod(path: string, mode: number, device: number): number;
  schedSetaffinity(thread: number, length: number, mask: Buffer): number;
  poll(fds: Buffer, count: number, timeout: number): number;
  fcntl(fd: number, command: number, argument: Buffer): number;
  socketpair(domain: number, type: number, protocol: number, pair: Buffer): number;
  sendmsg(fd: number, message: Buffer, flags: number): number;
  recvmsg(fd: number, message: Buffer, flags: number): number;
  /** `fcntl` of a command whose argument is a number. */
  fcntlNumber(fd: number, command: number, argument: number): number;
  syscall(number: number, a: number, b: number, c: number, d: number): number;
  /** Returns only where it fails. The lists end with `null`. */
  execve(path: string, argv: readonly (string | null)[], env: readonly (string | null)[]): number;
  pipe2(pair: Buffer, flags: number): number;
  /** For pipes alone, and such as never wait. */
  read(fd: number, data: Buffer, length: number): number;
  tee(from: number, to: number, length: number, flags: number): number;
  /** Moves bytes beside the event loop, since the file may wait. -1 where it fails; nobody tells why. */
  splice(from: number, to: number, offset: Buffer, length: number, flags: number): Promise<number>;
  epollCreate(flags: number): number;
  epollControl(epoll: number, operation: number, fd: number, event: Buffer): number;
  epollWait(epoll: number, events: Buffer, count: number, timeout: number): number;
  strerror(errno: number): string;
  errno(): number;
  /** Where the memory of a buffer is. It stays there as long as the buffer lives. */
  address(buffer: Buffer): bigint;
  /** Bytes of a pointer and of `size_t`. */
  readonly wordBytes: number;
}

let loaded: Libc | undefined;

/** Loaded at the first use: koffi takes 20 ms, and a client that is no daemon never needs it. */
export function libc(): Libc {
  loaded ??= loadLibc();
  return loaded;
}

function loadLibc(): Libc {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const library: LibraryHandle = koffi.load(null);
  const declare = (declaration: string) => library.func(declaration) as (...args: unknown[]) => number;
  const splice = library.func("intptr_t splice(int, void *, int, _Inout_ uint8_t *, size_t, uint32_t)");
  return {
    socket: declare("int socket(int, int, int)"),
    bind: declare("int bind(int, const uint8_t *, uint32_t)"),
    listen: declare("int listen(int, int)"),
    close: declare("int close(int)"),
    sendto: declare("intptr_t sendto(int, const uint8_t *, size_t, int, const uint8_t *, uint32_t)"),
    getsockopt: declare("int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint8_t *)"),
    ioctl: declare("int ioctl(int, unsigned long, _Inout_ uint8_t *)"),
    ioctlNumber: declare("int ioctl(int, unsigned long, unsigned long)"),
    open: declare("int open(const char *, int)"),
    mknod: declare("int mknod(const char *, uint32_t, uint64_t)"),
    schedSetaffinity: declare("int sched_setaffinity(int, size_t, const uint8_t *)"),
    poll: declare("int poll(_Inout_ uint8_t *, unsigned long, int)"),
    fcntl: declare("int fcntl(int, int, _Inout_ uint8_t *)"),
    socketpair: declare("int socketpair(int, int, int, _Out_ uint8_t *)"),
    sendmsg: declare("intptr_t sendmsg(int, const uint8_t *, int)"),
    recvmsg: declare("intptr_t recvmsg(int, _Inout_ uint8_t *, int)"),
    fcntlNumber: declare("int fcntl(int, int, int)"),
    syscall: declare("long syscall(long, long, long, long, long)"),
    pipe2: declare("int pipe2(_Out_ uint8_t *, int)"),
    read: declare("intptr_t read(int, _Out_ uint8_t *, size_t)"),
    tee: declare("intptr_t tee(int, int, size_t, uint32_t)"),
    splice: (from, to, offset, length, flags) =>
      new Promise((resolve, reject) => {
        splice.async(from, null, to, offset, length, flags, (error: Error | null, moved: number) =>
          error ? reject(error) : resolve(moved),
        );
      }),
    epollCreate: declare("int epoll_create1(int)"),
    epollControl: declare("int epoll_ctl(int, int, int, _Inout_ uint8_t *)"),
    epollWait: declare("int epoll_wait(int, _Out_ uint8_t *, int, int)"),
    strerror: library.func("const char *strerror(int)") as (errno: number) => string,
    execve: library.func("int execve(const char *, const char **, const char **)") as Libc["execve"],
    errno: () => koffi.errno(),
    address: (buffer) => koffi.address(buffer),
    wordBytes: koffi.sizeof("size_t"),
  };
}

export function check(syscall: string, result: number): number {
  if (result < 0) throw new NativeError(syscall, libc().errno());
  return result;
}
