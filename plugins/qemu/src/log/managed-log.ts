import { dirname } from "node:path";
import { closeAll, type Descriptor } from "@polyvisor/core";
import { makeFolders } from "@polyvisor/sdk/store";
import type { QemuDomain } from "../domain.js";
import { systemError } from "../errors.js";
import type { Hypervisor } from "../hypervisor.js";
import type { LogClient } from "../services/index.js";
import type { GuestLog } from "./guest-log.js";
import { emulatorWords, formatNote, READ_BYTES, type StartNote } from "./note.js";

/** By which a log manager tells the drivers apart. */
export const DRIVER = "qemu";

/** What a log manager is told of a guest's log. */
export interface LogOwner {
  readonly guest: { readonly uuid: string; readonly name: string };
  readonly path: string;
}

export function ownerOf({ layout }: Hypervisor, { name, uuid }: QemuDomain): LogOwner {
  return { guest: { uuid, name }, path: layout.logFile(name) };
}

/** A guest's log that a log manager keeps: the emulator writes to what the manager gave, whatever that is. */
export class ManagedLog implements GuestLog {
  readonly #manager: LogClient;
  readonly #owner: LogOwner;
  readonly #descriptor: Descriptor;
  #begin = { inode: 0n, offset: 0n };

  private constructor(manager: LogClient, owner: LogOwner, descriptor: Descriptor) {
    this.#manager = manager;
    this.#owner = owner;
    this.#descriptor = descriptor;
  }

  static async open(manager: LogClient, owner: LogOwner): Promise<ManagedLog> {
    await makeFolders(dirname(owner.path), 0o700).catch((error: unknown) => {
      throw systemError(`failed to create logfile ${owner.path}`, error);
    });
    return new ManagedLog(manager, owner, await manager.openLogFile({ driver: DRIVER, ...owner, truncate: 0 }));
  }

  get fd(): number {
    return this.#descriptor.fd;
  }

  async note(start: StartNote): Promise<void> {
    await appendManaged(this.#manager, this.#owner, formatNote(start));
    this.#begin = await this.#position();
  }

  /** From where our note ends, or less where that is much; a log that was rolled over meanwhile is read on by its manager. */
  async lastWords(): Promise<string> {
    const { path } = this.#owner;
    const { inode, offset } = await this.#position();
    const { inode: first, offset: begin } = this.#begin;
    const tail = offset - BigInt(READ_BYTES);
    const position = { inode: first, offset: inode === first && tail > begin ? tail : begin };
    const data = await this.#manager.readLogFile({ path, position, maxBytes: READ_BYTES });
    return emulatorWords(data);
  }

  async close(): Promise<void> {
    closeAll([this.#descriptor]);
  }

  toString(): string {
    return this.#owner.path;
  }

  async #position(): Promise<{ inode: bigint; offset: bigint }> {
    const { inode, offset } = await this.#manager.getLogFilePosition({ path: this.#owner.path });
    return { inode: BigInt(inode), offset: BigInt(offset) };
  }
}

/** Writes a line of our own behind what the guest has said. */
export async function appendManaged(manager: LogClient, owner: LogOwner, message: string): Promise<void> {
  await manager.appendLogFile({ driver: DRIVER, ...owner, message });
}
