import { DOMAIN_STATE } from "@polyvisor/core";
import { type Disk, mapDevices } from "@polyvisor/sdk/conf/domain";
import type { SnapshotDisk } from "@polyvisor/sdk/conf/snapshot";
import type { PendingOverlay } from "../blockjobs/block-job.js";
import {
  chainOf,
  checkIdle,
  definitionWithOverlay,
  isSamePlace,
  type JobPlace,
  type Layer,
  makeReadOnly,
  nodeOf,
  type OpenImage,
  openImage,
  withChain,
} from "../blockjobs/index.js";
import { releaseLeases } from "../services/index.js";

/** A disk of a running guest and the image that comes upon its own. */
export interface Overlay {
  readonly disk: Disk;
  readonly layer: Layer;
}

/**
 * Puts new images upon those of a running guest's disks, at one moment: upon all of them or none. The status file tells of
 * them before: the next daemon finds out what has become of them.
 */
export async function snapshotLive(
  place: JobPlace,
  requests: readonly SnapshotDisk[],
  { reuse }: { readonly reuse: boolean },
): Promise<void> {
  const { guest, env } = place;
  guest.overlays = requests.flatMap(pendingOf);
  try {
    await env.save();
    await follow(place, await grow(place, requests, reuse));
  } finally {
    guest.overlays = [];
    await env.save().catch((error: unknown) => env.warn(error, "the status of a guest cannot be written"));
  }
}

function pendingOf({ name, location, source, format }: SnapshotDisk): PendingOverlay[] {
  if (location !== "external" || (source.type !== "file" && source.type !== "block")) return [];
  const { type, path = "" } = source;
  return [{ disk: name, type, path, format: format === "qed" ? "qed" : "qcow2" }];
}

async function grow(place: JobPlace, requests: readonly SnapshotDisk[], reuse: boolean): Promise<Overlay[]> {
  const { guest, env } = place;
  const opened: { readonly disk: Disk; readonly image: OpenImage }[] = [];
  try {
    for (const request of requests) {
      const disk = guest.config.devices.disks.find(({ target }) => target.dev === request.name);
      if (disk === undefined || request.location !== "external") continue;
      const layer = { source: request.source, format: request.format ?? "qcow2" } as const;
      const [below] = chainOf(disk).layers;
      opened.push({ disk, image: await openImage(env, { disk, layer, isThere: reuse, below }) });
    }
    const actions = opened.map(({ disk, image }) => ({
      type: "blockdev-snapshot",
      data: { node: `libvirt-${disk.source.index}-format`, overlay: nodeOf(image.layer) },
    }));
    await guest.qmp("transaction", { actions });
    return opened.map(({ disk, image }) => ({ disk, layer: image.layer }));
  } catch (error) {
    for (const { image } of opened.reverse()) await image.undo();
    throw error;
  }
}

/** Refuses disks of which a job is under way. */
export function checkDisksIdle(place: JobPlace, requests: readonly SnapshotDisk[]): void {
  for (const disk of place.guest.config.devices.disks) {
    const request = requests.find(({ name }) => name === disk.target.dev);
    if (request !== undefined && request.location !== "no") checkIdle(place, disk);
  }
}

/** The emulator has its new images: everybody else follows. Twice does no harm. */
export async function follow(place: JobPlace, overlays: readonly Overlay[]): Promise<void> {
  const { hypervisor, domain, guest, env } = place;
  const layerOf = new Map(overlays.map(({ disk, layer }) => [disk.target.dev, layer]));
  guest.config = mapDevices(guest.config, {
    disk: (disk) => upon(disk, layerOf.get(disk.target.dev)),
  });
  await env.save();
  if (domain.persistent) {
    const definition = await hypervisor.definitions.load(domain.name);
    const changed = overlays.reduce((all, { disk, layer }) => definitionWithOverlay(all, disk, layer), definition);
    await hypervisor.definitions.save(changed);
  }
  for (const { disk } of overlays) {
    const [old] = chainOf(disk).layers;
    const now = guest.config.devices.disks.find(({ target }) => target.dev === disk.target.dev);
    if (old !== undefined && now !== undefined) await makeReadOnly(place, now, old);
  }
  // A guest that stands still has no leases.
  if (domain.status.state !== DOMAIN_STATE.RUNNING) await releaseLeases(hypervisor, domain, guest);
}

function upon(disk: Disk, overlay: Layer | undefined): Disk {
  if (overlay === undefined || isSamePlace(disk.source, overlay.source)) return disk;
  const { layers, ends } = chainOf(disk);
  return withChain(disk, { layers: [overlay, ...layers], ends });
}
