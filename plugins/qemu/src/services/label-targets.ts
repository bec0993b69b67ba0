import { join } from "node:path";
import type { SecurityTarget } from "@polyvisor/core";
import type { Device } from "@polyvisor/sdk/conf/domain";
import { deviceTargets, domainTargets, type TargetView, target } from "@polyvisor/sdk/labels";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { findMemoryPaths, memoryFolders } from "../start/memory-folders.js";

/** All that a guest is to reach: what it finds, and what was made for it. */
export async function guestTargetsOf(
  hypervisor: Hypervisor,
  guest: Guest,
  model: string,
): Promise<readonly SecurityTarget[]> {
  const found = await domainTargets(guest.config, await viewOf(hypervisor, model));
  return [...(await ownTargets(hypervisor, guest)), ...found];
}

/** The same of one device. */
export async function deviceTargetsOf(
  hypervisor: Hypervisor,
  device: Device,
  model: string,
): Promise<readonly SecurityTarget[]> {
  return deviceTargets(device, await viewOf(hypervisor, model));
}

/** A log manager opens files of character devices for guests. */
async function viewOf({ services }: Hypervisor, model: string): Promise<TargetView> {
  return { model, filesArePassed: (await services.log()) !== undefined };
}

/** What was made for this run of the guest, and goes with it. */
async function ownTargets({ layout }: Hypervisor, guest: Guest): Promise<SecurityTarget[]> {
  const { config, id, folder, channelFolder } = guest;
  const memory = memoryFolders(config, await findMemoryPaths(layout, id, config.name));
  return [
    target("folder", folder, { own: true }),
    target("folder", channelFolder, { own: true }),
    target("secret", join(folder, "master-key.aes"), { own: true }),
    target("socket", guest.monitorPath, { own: true, optional: true }),
    ...memory.map((path) => target("memory", path, { own: true })),
  ];
}
