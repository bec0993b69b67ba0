import { close } from "node:fs";
import type { MaybePromise } from "./context.js";

/**
 * An open file descriptor of this process. Whoever has it closes it, or takes its number out and closes that. What is at
 * its other end is not known: a file of a file system that hangs, a device, a socket.
 */
export class Descriptor {
  #fd: number | undefined;

  /** Takes the number over. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Its number, to be used at once. Throws where it has been closed or taken: the number may mean something else by now. */
  get fd(): number {
    if (this.#fd === undefined) throw new Error("the file descriptor is closed or belongs to somebody else by now");
    return this.#fd;
  }

  /** Its number, which the caller owns from now on. Throws as `fd` does. */
  take(): number {
    const { fd } = this;
    this.#fd = undefined;
    return fd;
  }

  /** Does nothing where it has been closed or taken. The file may be on any file system, so nobody waits for it. */
  close(): void {
    if (this.#fd === undefined) return;
    close(this.take(), () => {});
  }
}

/** Closes those that nobody has taken. */
export function closeAll(descriptors: Iterable<Descriptor>): void {
  for (const descriptor of descriptors) descriptor.close();
}

/** Does something with descriptors, and in the end, however it ends, closes those that nobody has taken. */
export async function whileOpen<T>(descriptors: Iterable<Descriptor>, work: () => MaybePromise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    closeAll(descriptors);
  }
}
