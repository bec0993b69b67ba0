import { type BackingStore, type Disk, type Domain, mapDevices, type StorageSource } from "@polyvisor/sdk/conf/domain";
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

/** The same for one disk of a guest that runs, of which `last` was the highest number so far. */
export function numberDisk(disk: Disk, last: number): { readonly disk: Disk; readonly last: number } {
  if (isEmptySource(disk.source))
    return { disk: { ...disk, source: { ...disk.source, index: last + 1 } }, last: last + 1 };
  let highest = last;
  const number = <S extends StorageSource>(source: S): S => ({ ...source, index: ++highest });
  const source = number(disk.source);
  const backingStore = numberChain(disk.backingStore, number);
  return { disk: { ...disk, source, ...(backingStore === undefined ? {} : { backingStore }) }, last: highest };
}

/** The highest number that any image of a guest that runs has. */
export function lastImage({ devices }: Domain): number {
  const indexes = devices.disks.flatMap(({ source, backingStore }) => [source, ...chainSources(backingStore)]);
  return Math.max(0, ...indexes.map(({ index = 0 }) => index));
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

/** SCSI devices of the host are numbered after all images: the number of the first one. */
export function firstHostdevNumber({ devices }: Domain): number {
  let last = 0;
  const count = (store: BackingStore | undefined): number =>
    store === undefined || store.kind === "end" ? 0 : 1 + count(store.backingStore);
  for (const { target, source, backingStore } of devices.disks)
    if (target.bus !== "sd" && source.type !== "vhostuser") last += 1 + count(backingStore);
  return last + 1;
}

/** The nodes of images that a client opened for us, in the order of their numbers. */
export function openedImages({ devices }: Domain): readonly string[] {
  const sources = devices.disks.flatMap(({ source, backingStore }) => [source, ...chainSources(backingStore)]);
  return sources
    .filter((source) => source.type === "file" && source.fdgroup !== undefined)
    .map(({ index = 0 }) => index)
    .sort((a, b) => a - b)
    .map((index) => `libvirt-${index}`);
}

function chainSources(store: BackingStore | undefined): readonly StorageSource[] {
  return store === undefined || store.kind === "end" ? [] : [store.source, ...chainSources(store.backingStore)];
}
