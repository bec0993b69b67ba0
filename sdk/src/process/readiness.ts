import { Descriptor } from "@polyvisor/core";
import { check, LITTLE_ENDIAN, libc, readU32, writeU32 } from "./libc.js";
import { watchDescriptor } from "./native.js";
import { duplicate } from "./pass-descriptors.js";

const EPOLL_CLOEXEC = 0o2000000;
const ADD = 1;
const REMOVE = 2;
const CHANGE = 3;
const EPOLLIN = 1;
const EPOLLONESHOT = 1 << 30;
/** The kernel packs `struct epoll_event` on one architecture only. */
const [EVENT_BYTES, DATA_AT] = process.arch === "x64" ? [12, 4] : [16, 8];
/** How many are told of at once. */
const BATCH = 64;

/**
 * Tells when there is something to read, without reading it: Node's own streams take what they find. A descriptor is told of
 * once each time that it is armed. It does not keep the event loop alive.
 */
export class Readiness {
  readonly #epoll = new Descriptor(check("epoll_create1", libc().epollCreate(EPOLL_CLOEXEC)));
  readonly #callbacks = new Map<number, () => void>();
  readonly #events = Buffer.allocUnsafeSlow(EVENT_BYTES * BATCH);
  #watch: { close(): void };
  #isClosed = false;

  constructor() {
    this.#watch = this.#watching();
  }

  /** Calls back when the descriptor can be read, or all who write to it are gone; never where it was removed before. */
  add(fd: number, ready: () => void): void {
    this.#control(ADD, fd);
    this.#callbacks.set(fd, ready);
  }

  /** To be called when what was found has been read: without it nothing more is told. */
  arm(fd: number): void {
    this.#control(CHANGE, fd);
  }

  /** Must be called before the descriptor is closed. */
  remove(fd: number): void {
    if (this.#callbacks.delete(fd)) this.#control(REMOVE, fd);
  }

  close(): void {
    this.#isClosed = true;
    this.#watch.close();
    this.#epoll.close();
  }

  #control(operation: number, fd: number): void {
    const event = Buffer.alloc(EVENT_BYTES);
    writeU32(event, EPOLLIN | EPOLLONESHOT, 0);
    writeU32(event, fd, LITTLE_ENDIAN ? DATA_AT : DATA_AT + 4);
    check("epoll_ctl", libc().epollControl(this.#epoll.fd, operation, fd, event));
  }

  /** An epoll descriptor can be watched as any, and cannot be read, which is what a watch needs. */
  #watching(): { close(): void } {
    return watchDescriptor(duplicate(this.#epoll.fd).take(), () => this.#told());
  }

  #told(): void {
    const count = libc().epollWait(this.#epoll.fd, this.#events, BATCH, 0);
    const ready = Array.from({ length: Math.max(0, count) }, (_, index) =>
      readU32(this.#events, index * EVENT_BYTES + (LITTLE_ENDIAN ? DATA_AT : DATA_AT + 4)),
    );
    for (const fd of ready) this.#callbacks.get(fd)?.();
    if (!this.#isClosed) this.#watch = this.#watching();
  }
}
