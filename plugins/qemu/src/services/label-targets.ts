import { readlink } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { SecurityTarget } from "@polyvisor/core";
import type { BackingStore, Device, Disk, StorageSource } from "@polyvisor/sdk/conf/domain";
import { deviceTargets, domainTargets, type TargetView, target } from "@polyvisor/sdk/labels";
import type { QemuDomain } from "../domain.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { findMemoryPaths, memoryFolders } from "../start/memory-folders.js";

/** All that a guest is to reach: what it finds, what was made for it, and what clients have opened for it. */
export async function guestTargetsOf(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  model: string,
): Promise<readonly SecurityTarget[]> {
  const found = await domainTargets(guest.config, await viewOf(hypervisor, model));
  const passed = await Promise.all(guest.config.devices.disks.map((disk) => passedTargets(hypervisor, domain, disk)));
  return [...(await ownTargets(hypervisor, guest)), ...found, ...passed.flat()];
}

/** The same of one device. */
export async function deviceTargetsOf(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  device: Device,
  model: string,
): Promise<readonly SecurityTarget[]> {
  const found = await deviceTargets(device, await viewOf(hypervisor, model));
  return device.kind === "disk" ? [...found, ...(await passedTargets(hypervisor, domain, device))] : found;
}

/**
 * Files that a client has opened for the guest: nobody labels them, and a driver that lists what a guest may reach must name
 * them, since the kernel asks about each use. Those of a client that has left are not found any more, and named already.
 */
async function passedTargets(
  { fileGroups }: Hypervisor,
  domain: QemuDomain,
  { source, backingStore }: Disk,
): Promise<readonly SecurityTarget[]> {
  const names = [source, ...sourcesBelow(backingStore)].flatMap((each) => (each.type === "file" ? each.fdgroup : []));
  const groups = names.flatMap((name) => (name === undefined ? [] : (fileGroups.peek(domain, name) ?? [])));
  const found = groups.map(({ descriptors, writable }) =>
    Promise.all(
      descriptors.map(async ({ fd }) => {
        const path = await readlink(`/proc/self/fd/${fd}`);
        return isAbsolute(path) ? [target("reach", path, { readOnly: !writable, optional: true })] : [];
      }),
    ),
  );
  return (await Promise.all(found)).flat(2);
}

function sourcesBelow(store: BackingStore | undefined): readonly StorageSource[] {
  return store === undefined || store.kind === "end" ? [] : [store.source, ...sourcesBelow(store.backingStore)];
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
