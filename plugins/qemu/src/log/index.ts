import type { QemuDomain } from "../domain.js";
import type { Hypervisor } from "../hypervisor.js";
import { appendToFile, FileLog } from "./file-log.js";
import type { GuestLog } from "./guest-log.js";
import { appendManaged, ManagedLog, ownerOf } from "./managed-log.js";
import { timestamp } from "./note.js";

export { type ChardevFile, chardevFiles, filesOfDevice, type OpenedFile, openChardevFiles } from "./chardev-files.js";
export type { GuestLog } from "./guest-log.js";
export type { StartNote } from "./note.js";

/** The log of a guest that starts: its manager's, or a file where the host has none. */
export async function openGuestLog(hypervisor: Hypervisor, domain: QemuDomain): Promise<GuestLog> {
  const owner = ownerOf(hypervisor, domain);
  const manager = await hypervisor.services.log();
  return manager === undefined ? FileLog.open(owner.path) : ManagedLog.open(manager, owner);
}

/** Writes a line of our own, with the time before it. Where that fails it is logged, and nobody minds. */
export async function noteInLog(hypervisor: Hypervisor, domain: QemuDomain, words: string): Promise<void> {
  const owner = ownerOf(hypervisor, domain);
  const line = `${timestamp()}: ${words}\n`;
  try {
    const manager = await hypervisor.services.log();
    await (manager === undefined ? appendToFile(owner.path, line) : appendManaged(manager, owner, line));
  } catch (error) {
    hypervisor.log.warn({ err: error, domain: domain.name }, "the guest's log cannot be written");
  }
}
