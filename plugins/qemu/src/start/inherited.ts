import { closeDescriptor } from "@polyvisor/sdk/process";

/** Standard input, output and error come first, and one that is closed by then. */
const FIRST = 4;

/** Descriptors that the emulator inherits, ours until it has them. */
export class InheritedDescriptors {
  readonly #fds: number[] = [];

  /** Takes a descriptor over, and returns the number that it will have in the emulator. */
  add(fd: number): number {
    return FIRST + this.#fds.push(fd) - 1;
  }

  /** In the order of their numbers there. */
  get all(): readonly number[] {
    return this.#fds;
  }

  /** Closes our copies. Called once the emulator was started, or was not. */
  close(): void {
    for (const fd of this.#fds.splice(0)) closeDescriptor(fd);
  }
}
