import { type Disk, type Domain as DomainConfig, mapDevices } from "@polyvisor/sdk/conf/domain";
import { type Chain, chainOf, isSamePlace, type Layer, withChain } from "./chain.js";

/** How the chain of a running disk changes; `bottom` is the lowest image that the change is about, by its place. */
export interface ChainChange {
  readonly before: Disk;
  readonly after: Disk;
  /** Without one it is about the whole chain. */
  readonly bottom?: number | undefined;
}

/**
 * The definition after a job has changed the chain of a running disk. Where it has the same chain it changes the same way;
 * where only its top image is the same, it gets the new one, and what it says of the images below is forgotten.
 */
export function definitionAfter(definition: DomainConfig, { before, after, bottom }: ChainChange): DomainConfig {
  return changeDisk(definition, before, (disk) => {
    const live = chainOf(before);
    const kept = chainOf(disk);
    const changed = chainOf(after);
    if (!isSameDownTo(live, kept, bottom)) return forgetful(disk, before, after);
    const lowest = bottom === undefined ? undefined : live.layers[bottom];
    const above = changed.layers.filter((layer) => isAbove(layer, lowest, changed));
    const below = bottom === undefined ? [] : kept.layers.slice(bottom);
    const ends = bottom === undefined ? changed.ends : kept.ends;
    return withChain(disk, { layers: [...above.map(bare), ...below], ends });
  });
}

/** The definition after an image has been put upon a disk, where it has that disk. */
export function definitionWithOverlay(definition: DomainConfig, before: Disk, overlay: Layer): DomainConfig {
  return changeDisk(definition, before, (disk) => {
    const { layers, ends } = chainOf(disk);
    return withChain(disk, { layers: [bare(overlay), ...layers], ends });
  });
}

function changeDisk(definition: DomainConfig, before: Disk, change: (disk: Disk) => Disk): DomainConfig {
  return mapDevices(definition, {
    disk: (disk) =>
      disk.target.dev === before.target.dev && isSamePlace(disk.source, before.source) ? change(disk) : disk,
  });
}

function isSameDownTo(live: Chain, kept: Chain, bottom: number | undefined): boolean {
  const count = bottom === undefined ? live.layers.length : bottom + 1;
  if (bottom === undefined && (kept.layers.length !== count || kept.ends !== live.ends)) return false;
  return live.layers.slice(0, count).every(({ source }, at) => {
    const other = kept.layers[at];
    return other !== undefined && isSamePlace(source, other.source);
  });
}

function isAbove(layer: Layer, lowest: Layer | undefined, { layers }: Chain): boolean {
  if (lowest === undefined) return true;
  const end = layers.findIndex((each) => isSamePlace(each.source, lowest.source));
  return end === -1 || layers.indexOf(layer) < end;
}

function forgetful(disk: Disk, before: Disk, after: Disk): Disk {
  const { layers, ends } = chainOf(after);
  const [top] = layers;
  if (top === undefined || isSamePlace(before.source, after.source)) {
    const { backingStore: _, ...rest } = disk;
    return rest;
  }
  return withChain(disk, { layers: [bare(top)], ends: ends && layers.length === 1 });
}

/** Numbers are those of a run. */
function bare({ source, format }: Layer): Layer {
  const { index, ...rest } = source;
  return { source: rest, format };
}
