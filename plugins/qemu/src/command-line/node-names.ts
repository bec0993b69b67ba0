import { type BackingStore, type Disk, type Domain, mapDevices, type StorageSource } from "@polyvisor/sdk/conf";
import { isEmptySource } from "./disks.js";

/**
 * Gives every image of every disk the number from which its node's name is made. Called once for each start, when the
 * chains of images are known. libvirt counts from the last disk, and each chain from its top.
 */
export function numberImages(domain: Domain): Domain {
  let last = 0;
  const numbered = new Map<Disk, Disk>();
  for (const disk of domain.devices.disks.toReversed()) {
    if (disk.target.bus === "sd" || disk.source.type === "vhostuser") continue;
    if (isEmptySource(disk.source)) {
      // An empty drive takes a number that no node has.
      last++;
      continue;
    }
    const number = <S extends StorageSource>(source: S): S => ({ ...source, index: ++last });
    const source = number(disk.source);
    const backingStore = numberChain(disk.backingStore, number);
    numbered.set(disk, { ...disk, source, ...(backingStore === undefined ? {} : { backingStore }) });
  }
  return mapDevices(domain, { disk: (disk) => numbered.get(disk) ?? disk });
}

function numberChain(
  store: BackingStore | undefined,
  number: <S extends StorageSource>(source: S) => S,
): BackingStore | undefined {
  if (store === undefined || store.kind === "end") return store;
  const source = number(store.source);
  const next = numberChain(store.backingStore, number);
  return { ...store, source, ...(next === undefined ? {} : { backingStore: next }) };
}
