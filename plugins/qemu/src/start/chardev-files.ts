import type { QemuDomain } from "../domain.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { chardevFiles, openChardevFiles } from "../log/index.js";
import { guestUser } from "../services/index.js";
import type { InheritedDescriptors } from "./inherited.js";

/** Files of character devices by the alias of their device, as the emulator numbers them. */
export interface InheritedFiles {
  readonly sources: ReadonlyMap<string, number>;
  readonly logs: ReadonlyMap<string, number>;
}

/** Opens the files of a guest's character devices for it, where somebody does. */
export async function inheritChardevFiles(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  inherited: InheritedDescriptors,
): Promise<InheritedFiles> {
  const files: Record<"source" | "log", Map<string, number>> = { source: new Map(), log: new Map() };
  const isOther = async () => (await guestUser(hypervisor, domain, guest)) !== undefined;
  const opened = await openChardevFiles(hypervisor, domain, chardevFiles(guest.config), isOther);
  for (const { alias, part, descriptor } of opened) files[part].set(alias, inherited.add(descriptor.take()));
  return { sources: files.source, logs: files.log };
}
