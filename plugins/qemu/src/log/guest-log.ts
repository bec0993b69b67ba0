import type { StartNote } from "./note.js";

/** A guest's log during its start. */
export interface GuestLog {
  /** For the emulator's standard output and error. Ours until `close`. */
  readonly fd: number;
  /** Writes what is known of the start, before the emulator says anything. */
  note(start: StartNote): Promise<void>;
  /** The end of what the emulator has said so far. */
  lastWords(): Promise<string>;
  close(): Promise<void>;
  /** Its file. */
  toString(): string;
}
