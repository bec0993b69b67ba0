import type { BackingStore, Disk, StorageFormat, StorageSource } from "@polyvisor/sdk/conf/domain";
import { sourcePath } from "@polyvisor/sdk/conf/moment";
import { qemuError } from "../errors.js";

/** One image of a disk's chain. */
export interface Layer {
  readonly source: StorageSource;
  readonly format: StorageFormat;
}

/** A disk's images from the top, and whether it is known that nothing lies below them. */
export interface Chain {
  readonly layers: readonly Layer[];
  readonly ends: boolean;
}

export function chainOf({ source, driver, backingStore }: Pick<Disk, "source" | "driver" | "backingStore">): Chain {
  const layers: Layer[] = [{ source, format: driver?.type ?? "raw" }];
  let store = backingStore;
  for (; store?.kind === "image"; store = store.backingStore) {
    layers.push({ source: store.source, format: store.format });
  }
  return { layers, ends: store?.kind === "end" };
}

/** The disk on another chain. What its source says of the drive rather than of the image stays with the drive. */
export function withChain(disk: Disk, { layers: [top, ...below], ends }: Chain): Disk {
  if (top === undefined) return disk;
  const { backingStore: _, ...rest } = disk;
  const { startupPolicy } = disk.source;
  const source = { ...top.source, ...(startupPolicy === undefined ? {} : { startupPolicy }) };
  return { ...rest, driver: { ...disk.driver, type: top.format }, source, ...storeOf(below, ends) };
}

/** What is written of the images below one. */
export function storeOf(below: readonly Layer[], ends: boolean): { readonly backingStore?: BackingStore } {
  const bottom: BackingStore | undefined = ends ? { kind: "end" } : undefined;
  const store = below.reduceRight<BackingStore | undefined>((next, { source, format }) => {
    const { startupPolicy, ...image } = source;
    return { kind: "image", format, source: image, ...(next === undefined ? {} : { backingStore: next }) };
  }, bottom);
  return store === undefined ? {} : { backingStore: store };
}

/** An image alone, as if it were a disk of its own: what is given to a guest, and taken back from it, one at a time. */
export function alone(disk: Disk, { source, format }: Layer): Disk {
  const { mirror, iotune, transient, ...rest } = disk;
  const { copyOnRead, ...driver } = disk.driver ?? {};
  return { ...rest, driver: { ...driver, type: format }, source, backingStore: { kind: "end" } };
}

export function isSamePlace(one: StorageSource, other: StorageSource): boolean {
  return one.type === other.type && sourcePath(one) === sourcePath(other) && hostsOf(one) === hostsOf(other);
}

function hostsOf(source: StorageSource): string {
  return source.type === "network" ? JSON.stringify([source.protocol, source.hosts]) : "";
}

/** What a layer is called in messages. */
export function nameOf({ source }: Layer): string {
  return sourcePath(source) ?? "";
}

/** A disk by its target or the path of its image. */
export function diskNamed(disks: readonly Disk[], name: string): Disk {
  const found = name.startsWith("/")
    ? disks.find(({ source }) => sourcePath(source) === name)
    : disks.find(({ target }) => target.dev === name);
  if (found !== undefined) return found;
  throw qemuError("INVALID_ARG", `disk '${name}' not found in domain`, { hint: "`domblklist` shows its disks" });
}

/**
 * The place in a chain of the image that a client names: by its path, or as `vda[3]` by its number. `beneath`: the place of
 * one that it must lie below. Without a name the lowest.
 */
export function findLayer(disk: Disk, name: string | null, beneath?: number): number {
  const { layers } = chainOf(disk);
  const { dev } = disk.target;
  const [, target, number] = /^(.*)\[(\d+)\]$/.exec(name ?? "") ?? [];
  const index = Number(number ?? 0);
  if (index !== 0 && target !== dev) {
    throw qemuError("INVALID_ARG", `requested target '${target}' does not match target '${dev}'`);
  }
  const from = beneath === undefined ? 0 : beneath + 1;
  const isMeant = (layer: Layer, at: number) => {
    if (at < from) return false;
    if (index !== 0) return layer.source.index === index;
    return name === null ? at === layers.length - 1 : nameOf(layer) === name;
  };
  const at = layers.findIndex(isMeant);
  if (at !== -1) return at;
  throw missing(disk, name, index, beneath === undefined ? undefined : layers[beneath]);
}

function missing({ target: { dev } }: Disk, name: string | null, index: number, beneath: Layer | undefined): Error {
  const hint = "`domblklist` and `dumpxml` show the images of its chain";
  if (index !== 0) {
    return qemuError("INVALID_ARG", `could not find backing store index '${index}' in chain for '${dev}'`, { hint });
  }
  if (name === null) return qemuError("INVALID_ARG", `could not find base image in chain for '${dev}'`, { hint });
  const where = beneath === undefined ? "" : ` beneath '${nameOf(beneath)}'`;
  return qemuError("INVALID_ARG", `could not find image '${name}'${where} in chain for '${dev}'`, { hint });
}

/** The name of the node of an image, as the emulator knows it. */
export function nodeOf({ source }: Layer): string {
  return `libvirt-${source.index}-format`;
}

/** What stands in front of all images of a disk. */
export function topNodeOf(disk: Disk): string {
  return disk.driver?.copyOnRead === "on" ? `libvirt-CoR-${disk.target.dev}` : `libvirt-${disk.source.index}-format`;
}
