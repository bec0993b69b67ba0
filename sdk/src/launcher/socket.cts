import type { LauncherConnection } from "./steps.js" with { "resolution-mode": "import" };

type Libc = ReturnType<typeof import("./libc.cjs").loadLibc>;

import os = require("node:os");
import errors = require("./errors.cjs");

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const MSG_NOSIGNAL = 0x4000;
const EINTR = 4;
const EAGAIN = 11;
/** The length of `sockaddr_un.sun_path`. */
const UNIX_PATH_MAX = 108;
/** The longest message that a peer may send, in bytes: libvirt's limit. */
const MESSAGE_MAX = 32 << 20;

type Refuse = (code: string, words: string) => never;

/** A socket that waits, until the moment `until` at the latest. */
class Connection implements LauncherConnection {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #path: string;
  readonly #until: number;
  readonly #refuse: Refuse;

  constructor(libc: Libc, path: string, until: number, refuse: Refuse) {
    this.#libc = libc;
    this.#path = path;
    this.#until = until;
    this.#refuse = refuse;
    this.fd = libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (this.fd < 0) this.#fail("Failed to create socket", libc.errno());
    const address = Buffer.alloc(2 + UNIX_PATH_MAX);
    const name = Buffer.from(path);
    if (name.length >= UNIX_PATH_MAX) refuse("INTERNAL_ERROR", `Path ${path} too long for unix socket`);
    if (os.endianness() === "LE") address.writeUInt16LE(AF_UNIX);
    else address.writeUInt16BE(AF_UNIX);
    name.copy(address, 2);
    this.#waiting(SO_SNDTIMEO, () => libc.connect(this.fd, address, 2 + name.length + 1));
  }

  send(bytes: Uint8Array): void {
    for (let sent = 0; sent < bytes.length; ) {
      const rest = bytes.subarray(sent);
      sent += this.#waiting(SO_SNDTIMEO, () => this.#libc.send(this.fd, rest, rest.length, MSG_NOSIGNAL));
    }
  }

  receive(length: number): Buffer {
    if (length < 0 || length > MESSAGE_MAX) this.#refuse("RPC", `a message of ${length} bytes from ${this.#path}`);
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let received = 0; received < length; ) {
      const rest = bytes.subarray(received);
      const count = this.#waiting(SO_RCVTIMEO, () => this.#libc.recv(this.fd, rest, rest.length, 0));
      if (count === 0) this.#refuse("SYSTEM_ERROR", `the daemon at ${this.#path} has closed the connection`);
      received += count;
    }
    return bytes;
  }

  /** A signal, or a stop and its end, interrupts a call that may not wait for ever: it goes on with what time is left. */
  #waiting(option: number, work: () => number): number {
    for (;;) {
      this.#setTimeout(option);
      const result = work();
      if (result >= 0) return result;
      const errno = this.#libc.errno();
      if (errno === EAGAIN) this.#tooSlow();
      if (errno !== EINTR) this.#fail(`Failed to connect socket to '${this.#path}'`, errno);
    }
  }

  #setTimeout(option: number): void {
    const left = this.#until - Date.now();
    if (left <= 0) this.#tooSlow();
    const { wordBytes } = this.#libc;
    const timeval = Buffer.alloc(2 * wordBytes);
    const put = (value: number, at: number) =>
      os.endianness() === "LE" ? timeval.writeUInt32LE(value, at) : timeval.writeUInt32BE(value, at + wordBytes - 4);
    put(Math.floor(left / 1000), 0);
    put((left % 1000) * 1000 + 1, wordBytes);
    this.#libc.setsockopt(this.fd, SOL_SOCKET, option, timeval, timeval.length);
  }

  #tooSlow(): never {
    return this.#refuse("OPERATION_TIMEOUT", `the daemon at ${this.#path} does not answer`);
  }

  #fail(what: string, errno: number): never {
    return this.#refuse("SYSTEM_ERROR", `${what}: ${errors.wordsOf(errno)}`);
  }
}

export = { Connection };
