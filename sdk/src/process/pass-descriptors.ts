import type net from "node:net";
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
import { descriptorOf } from "./native.js";

/**
 * Descriptors on unix sockets (`SCM_RIGHTS`), which Node's own sockets drop. Each goes with one byte of its own. Everything
 * here returns at once.
 */

const SCM_RIGHTS = 1;
const MSG_CTRUNC = 8;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x40000000;
const F_DUPFD_CLOEXEC = 1030;

/** The two ends of a connection. No child inherits them. */
export function socketPair(): [Descriptor, Descriptor] {
  const pair = Buffer.alloc(8);
  check("socketpair", libc().socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
  return [new Descriptor(readU32(pair, 0)), new Descriptor(readU32(pair, 4))];
}

/** Another descriptor of the same open file. No child inherits it. */
export function duplicate(fd: number): Descriptor {
  return new Descriptor(check("fcntl", libc().fcntlNumber(fd, F_DUPFD_CLOEXEC, 0)));
}

/** Another descriptor of a socket's connection. */
export function duplicateOf(socket: net.Socket): Descriptor {
  return duplicate(descriptorOf(socket));
}

/**
 * Sends `byte` with a copy of the descriptor, past the socket's own buffers: only where nothing waits there. False where the
 * peer has to read first. Throws where the connection or the descriptor is closed.
 */
export function sendDescriptor(socket: net.Socket, descriptor: Descriptor, byte = 0): boolean {
  const message = messageOfOne();
  message.byte[0] = byte;
  message.fill(descriptor.fd);
  return (
    done("sendmsg", libc().sendmsg(descriptorOf(socket), message.header, MSG_DONTWAIT | MSG_NOSIGNAL)) !== undefined
  );
}

/**
 * The descriptor that comes next; `undefined` where it has not come yet. Throws where something else comes, or nothing any
 * more, and where this process has too many open files.
 */
export function receiveDescriptor(socket: net.Socket): Descriptor | undefined {
  const message = messageOfOne();
  message.fill(-1);
  const length = done("recvmsg", libc().recvmsg(descriptorOf(socket), message.header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
  if (length === undefined) return undefined;
  const { fd } = message;
  const isCut = (message.flags & MSG_CTRUNC) !== 0;
  if (fd === undefined) throw new Error(whyNone(length, isCut));
  const descriptor = new Descriptor(fd);
  if (!isCut) return descriptor;
  descriptor.close();
  throw new Error("a byte came with several descriptors");
}

/** The kernel takes one along and has no room for it only where this process may not open any more. */
function whyNone(length: number, isCut: boolean): string {
  if (length === 0) return "the peer is gone";
  return isCut ? "no descriptor can be taken: too many open files" : "a byte came without a descriptor";
}

/** `undefined` where the call would have waited. */
function done(syscall: string, result: number): number | undefined {
  if (result >= 0) return result;
  const errno = libc().errno();
  if (errno === EAGAIN) return undefined;
  throw new NativeError(syscall, errno);
}

/** A message of one byte and at most one descriptor: the kernel drops, and closes, what has no room. */
class OneDescriptor {
  /** `struct msghdr` */
  readonly header: Buffer;
  readonly byte = Buffer.allocUnsafeSlow(1);
  readonly #word = libc().wordBytes;
  /** `struct iovec`, then `struct cmsghdr` and the descriptor. */
  readonly #vector = Buffer.allocUnsafeSlow(2 * this.#word).fill(0);
  readonly #control = Buffer.allocUnsafeSlow(2 * this.#word + 16).fill(0);

  constructor() {
    const { address } = libc();
    this.#putWord(this.#vector, 0, address(this.byte));
    this.#putWord(this.#vector, 1, 1n);
    this.header = Buffer.allocUnsafeSlow(7 * this.#word).fill(0);
    this.#putWord(this.header, 2, address(this.#vector));
    this.#putWord(this.header, 3, 1n);
    this.#putWord(this.header, 4, address(this.#control));
  }

  get #fdAt(): number {
    return this.#word + 8;
  }

  /** Makes it ready to be sent or received. */
  fill(fd: number): void {
    const length = BigInt(this.#fdAt + 4);
    this.#putWord(this.header, 5, length);
    writeU32(this.header, 0, 6 * this.#word);
    this.#putWord(this.#control, 0, length);
    writeU32(this.#control, SOL_SOCKET, this.#word);
    writeU32(this.#control, SCM_RIGHTS, this.#word + 4);
    writeU32(this.#control, fd >>> 0, this.#fdAt);
  }

  /** The descriptor that came with it. */
  get fd(): number | undefined {
    const length = readU32(this.header, LITTLE_ENDIAN ? 5 * this.#word : 6 * this.#word - 4);
    const isOne = length >= this.#fdAt + 4 && readU32(this.#control, this.#word + 4) === SCM_RIGHTS;
    return isOne ? readU32(this.#control, this.#fdAt) : undefined;
  }

  get flags(): number {
    return readU32(this.header, 6 * this.#word);
  }

  #putWord(buffer: Buffer, index: number, value: bigint): void {
    const at = index * this.#word;
    if (this.#word === 4) writeU32(buffer, Number(value), at);
    else if (LITTLE_ENDIAN) buffer.writeBigUInt64LE(value, at);
    else buffer.writeBigUInt64BE(value, at);
  }
}

let made: OneDescriptor | undefined;

/** One for all: a system call is over before the next begins. */
function messageOfOne(): OneDescriptor {
  made ??= new OneDescriptor();
  return made;
}
