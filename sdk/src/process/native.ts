import net from "node:net";
import { Descriptor } from "@polyvisor/core";
import {
  AF_UNIX,
  check,
  EAGAIN,
  LITTLE_ENDIAN,
  libc,
  MSG_NOSIGNAL,
  NativeError,
  readU32,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
  writeU32,
} from "./libc.js";

/** What Node has no call for. This is the only file that touches `_handle`; everything here returns at once. */

/** Who made a unix socket's other end. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const SOCK_DGRAM = 2;
const SO_PEERCRED = 17;
const POLLERR = 8;
const POLLHUP = 16;
const F_SETLK = 6;
const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const BYTE_LOCKS: Readonly<Record<ByteLock, number>> = { shared: 0, exclusive: F_WRLCK, none: 2 };
const EACCES = 13;
/** The length of `sockaddr_un.sun_path`. */
const UNIX_PATH_MAX = 108;
/** One number on every architecture since they were unified. */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SYS_CLOSE_RANGE = 436;
const SYS_PIDFD_GETFD = 438;
const CLOSE_RANGE_CLOEXEC = 4;

/** The credentials of a connected unix socket's peer, as they were when it connected. Throws for a socket of another kind. */
export function peerCredentials(socket: net.Socket): PeerCredentials {
  const credentials = Buffer.alloc(12);
  const length = Buffer.alloc(4);
  writeU32(length, 12, 0);
  check("getsockopt", libc().getsockopt(descriptorOf(socket), SOL_SOCKET, SO_PEERCRED, credentials, length));
  const [pid, uid, gid] = [readU32(credentials, 0), readU32(credentials, 4), readU32(credentials, 8)];
  return { pid, uid, gid };
}

/**
 * Whether a socket's peer is gone. A socket that is paused does not tell: Node learns of the end when it has read all that
 * came before. Throws for a socket that is closed on this side.
 */
export function hasHungUp(socket: net.Socket): boolean {
  const pollfd = Buffer.alloc(8);
  writeU32(pollfd, descriptorOf(socket), 0);
  check("poll", libc().poll(pollfd, 1, 0));
  const revents = LITTLE_ENDIAN ? pollfd.readUInt16LE(6) : pollfd.readUInt16BE(6);
  return (revents & (POLLHUP | POLLERR)) !== 0;
}

/**
 * Tells the service manager about this process (`READY=1`, `STOPPING=1`, `STATUS=...`; several are separated by
 * newlines). Does nothing where no manager asked for it, and false tells that it could not be sent.
 */
export function notifySystemd(state: string, env: NodeJS.ProcessEnv = process.env): boolean {
  const path = env.NOTIFY_SOCKET;
  if (path === undefined || !/^[/@]./.test(path)) return false;
  const { socket, sendto } = libc();
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  try {
    const address = unixAddress(path);
    const message = Buffer.from(state);
    return sendto(fd, message, message.length, MSG_NOSIGNAL, address, address.length) === message.length;
  } finally {
    closeDescriptor(fd);
  }
}

/**
 * A listening unix socket as a bare descriptor, for a child to accept on. This process never does, so there is no race
 * with the child. The caller closes it with `closeDescriptor`; the path stays.
 */
export function listenUnix(path: string, backlog = 1): number {
  const { socket, bind, listen } = libc();
  const address = unixAddress(path);
  const fd = check("socket", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  try {
    check("bind", bind(fd, address, address.length));
    check("listen", listen(fd, backlog));
    return fd;
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

export function closeDescriptor(fd: number): void {
  libc().close(fd);
}

/** A descriptor for a process: unlike its pid, it never comes to mean another one. Throws `ESRCH` where there is none. */
export function openPidfd(pid: number): number {
  return check("pidfd_open", libc().syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0));
}

/** A duplicate of another process's descriptor, of a process that this one may trace, such as its own child. */
export function descriptorOfProcess(pidfd: number, fd: number): Descriptor {
  return new Descriptor(check("pidfd_getfd", libc().syscall(SYS_PIDFD_GETFD, pidfd, fd, 0, 0)));
}

/** Sends a signal by number. Throws `ESRCH` once the process has ended. */
export function signalPidfd(pidfd: number, signal: number): void {
  check("pidfd_send_signal", libc().syscall(SYS_PIDFD_SEND_SIGNAL, pidfd, signal, 0, 0));
}

/**
 * Keeps every descriptor of this process from its children, but for those that a spawn names. Node's own are close-on-exec;
 * what this process inherited is not. A kernel before 5.11 cannot do it, and then inherited descriptors pass on.
 */
export function keepDescriptorsFromChildren(): void {
  libc().syscall(SYS_CLOSE_RANGE, 3, 0xffffffff, CLOSE_RANGE_CLOEXEC, 0);
}

/** A system call that the C library has no function for. Buffers are handed over as their addresses. */
export function systemCall(name: string, number: number, ...args: readonly (number | Buffer)[]): number {
  const [a = 0, b = 0, c = 0, d = 0] = args.map((each) => (typeof each === "number" ? each : Number(addressOf(each))));
  return check(name, libc().syscall(number, a, b, c, d));
}

/** Where the memory of a buffer is, for what a system call is handed that holds pointers itself. */
export function addressOf(buffer: Buffer): bigint {
  return libc().address(buffer);
}

/** Makes a device node or another special file; `mode` is `st_mode` with its type, less what the umask takes. */
export function makeNode(path: string, mode: number, device: number): void {
  check("mknod", libc().mknod(path, mode, device));
}

/** Lets a thread run on these processors of the host alone. Throws `ESRCH` once it has ended. */
export function setAffinity(thread: number, cpus: readonly number[]): void {
  const words = Math.floor(Math.max(0, ...cpus) / 64) + 1;
  const mask = Array.from({ length: words }, () => 0n);
  for (const cpu of cpus) mask[Math.floor(cpu / 64)] = (mask[Math.floor(cpu / 64)] ?? 0n) | (1n << BigInt(cpu % 64));
  const bytes = Buffer.alloc(words * 8);
  for (const [at, word] of mask.entries()) {
    if (LITTLE_ENDIAN) bytes.writeBigUInt64LE(word, at * 8);
    else bytes.writeBigUInt64BE(word, at * 8);
  }
  check("sched_setaffinity", libc().schedSetaffinity(thread, bytes.length, bytes));
}

/** Answers `argument` in place. For devices whose interface is ioctl, such as /dev/net/tun. */
export function ioctl(fd: number, request: number, argument: Buffer): void {
  check("ioctl", libc().ioctl(fd, request, argument));
}

/**
 * Takes the advisory lock on a file's first byte that libvirt's daemons take on their pid files. False where another
 * process has it. The kernel gives it back when this process ends, and also as soon as this process closes any descriptor
 * of that file: open it once.
 */
export function lockFile(fd: number): boolean {
  const result = libc().fcntl(fd, F_SETLK, flockOfByte(0, F_WRLCK));
  if (result === 0) return true;
  const errno = libc().errno();
  if (errno === EACCES || errno === EAGAIN) return false;
  throw new NativeError("fcntl", errno);
}

/** How a byte of a file is locked: by many, by one, or not at all. */
export type ByteLock = "shared" | "exclusive" | "none";

/**
 * Changes the advisory lock of a byte of a file; false where another open file has it. Unlike `lockFile`'s, the lock is the
 * open file's: it goes when the last descriptor of that is closed, in whatever process, and conflicts with locks of processes
 * too. A shared lock needs a file that is open for reading, an exclusive one a file that is open for writing. The file
 * system may make it wait: for processes of their own.
 */
export function lockByte(fd: number, byte: number, how: ByteLock): boolean {
  const flock = flockOfByte(byte, BYTE_LOCKS[how]);
  if (libc().fcntl(fd, F_OFD_SETLK, flock) === 0) return true;
  const errno = libc().errno();
  if (errno === EACCES || errno === EAGAIN) return false;
  throw new NativeError("fcntl", errno);
}

/** An AF_INET datagram socket: what the kernel's network interface ioctls are asked on. */
export function openInterfaceSocket(): number {
  return check("socket", libc().socket(2, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

/**
 * Calls back once, when the descriptor becomes readable: for a pidfd, when the process has ended. The watch owns the
 * descriptor and closes it. It does not keep the event loop alive.
 */
export function watchDescriptor(fd: number, readable: () => void): { close(): void } {
  const handle = pipeOn(fd);
  let open = true;
  const close = () => {
    if (open) handle.close();
    open = false;
  };
  // A pidfd cannot be read, so libuv reports an error as soon as it polls readable: that is the notice.
  handle.onread = () => {
    if (!open) return;
    close();
    readable();
  };
  handle.readStart();
  handle.unref();
  return { close };
}

/** A duplex stream on a descriptor of any kind that can be polled, such as a terminal. It owns the descriptor. */
export function streamOnDescriptor(fd: number): net.Socket {
  return new net.Socket({ handle: pipeOn(fd) } as unknown as net.SocketConstructorOpts);
}

/**
 * Takes nothing more out of a socket, for good: what comes from now on waits in the kernel for whoever reads it there. What
 * Node has read already still comes as data.
 */
export function stopReading(socket: net.Socket): void {
  const handle = handleOf(socket);
  handle.readStop();
  // The stream asks for more whenever it has room.
  handle.readStart = () => 0;
}

interface PipeHandle {
  readonly fd: number;
  open(fd: number): number;
  readStart(): number;
  readStop(): number;
  close(): void;
  unref(): void;
  onread: (data: ArrayBuffer | undefined) => void;
}

type PipeClass = new (type: number) => PipeHandle;

let Pipe: PipeClass | undefined;

/** libuv's pipe takes any descriptor that epoll takes. Its class is not exported: a socket that connects by path has one. */
function pipeOn(fd: number): PipeHandle {
  if (Pipe === undefined) {
    const socket = new net.Socket();
    socket.on("error", () => {});
    socket.connect("/proc/self/no-such-socket");
    Pipe = handleOf(socket).constructor as PipeClass;
    socket.destroy();
  }
  const handle = new Pipe(0);
  const status = handle.open(fd);
  if (status < 0) throw new NativeError("open", -status);
  return handle;
}

function handleOf(socket: net.Socket): PipeHandle {
  const handle = (socket as unknown as { _handle: PipeHandle | null })._handle;
  if (handle === null) throw new NativeError("getsockopt", 9);
  return handle;
}

/** The number of a socket's descriptor. Throws where it is closed on this side. */
export function descriptorOf(socket: net.Socket): number {
  return handleOf(socket).fd;
}

/** The number of a listening socket's descriptor. Throws where it is closed. */
export function descriptorOfServer(server: net.Server): number {
  const handle = (server as unknown as { _handle: { fd: number } | null })._handle;
  if (handle === null) throw new NativeError("listen", 9);
  return handle.fd;
}

/** `sockaddr_un`; a leading `@` means the abstract namespace. */
function unixAddress(path: string): Buffer {
  const bytes = Buffer.from(path);
  if (bytes.length >= UNIX_PATH_MAX) throw new NativeError("bind", 36);
  const isAbstract = bytes[0] === 0x40;
  if (isAbstract) bytes[0] = 0;
  const address = Buffer.alloc(2 + bytes.length + (isAbstract ? 0 : 1));
  if (LITTLE_ENDIAN) address.writeUInt16LE(AF_UNIX);
  else address.writeUInt16BE(AF_UNIX);
  bytes.copy(address, 2);
  return address;
}

/** `struct flock` with 64-bit offsets: one byte, counted from the file's begin. */
function flockOfByte(byte: number, type: number): Buffer {
  const flock = Buffer.alloc(32);
  const words = LITTLE_ENDIAN
    ? { put16: flock.writeInt16LE.bind(flock), put64: flock.writeBigInt64LE.bind(flock) }
    : { put16: flock.writeInt16BE.bind(flock), put64: flock.writeBigInt64BE.bind(flock) };
  words.put16(type);
  words.put64(BigInt(byte), 8);
  words.put64(1n, 16);
  return flock;
}
