import { DOMAIN_STATE } from "@polyvisor/core";
import { type Disk, mapDevices } from "@polyvisor/sdk/conf/domain";
import type { SnapshotDisk } from "@polyvisor/sdk/conf/snapshot";
import {
  chainOf,
  checkIdle,
  definitionWithOverlay,
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
interface Overlay {
  readonly disk: Disk;
  readonly image: OpenImage;
}

/** Puts new images upon those of a running guest's disks, at one moment: upon all of them or none. */
export async function snapshotLive(
  place: JobPlace,
  requests: readonly SnapshotDisk[],
  { reuse }: { readonly reuse: boolean },
): Promise<void> {
  const { guest } = place;
  const overlays: Overlay[] = [];
  try {
    for (const request of requests) {
      const disk = guest.config.devices.disks.find(({ target }) => target.dev === request.name);
      if (disk === undefined || request.location !== "external") continue;
      const layer = { source: request.source, format: request.format ?? "qcow2" } as const;
      const [below] = chainOf(disk).layers;
      overlays.push({ disk, image: await openImage(place.env, { disk, layer, isThere: reuse, below }) });
    }
    const actions = overlays.map(({ disk, image }) => ({
      type: "blockdev-snapshot",
      data: { node: `libvirt-${disk.source.index}-format`, overlay: nodeOf(image.layer) },
    }));
    await guest.qmp("transaction", { actions });
  } catch (error) {
    for (const { image } of overlays.reverse()) await image.undo();
    throw error;
  }
  await follow(place, overlays);
}

/** Refuses disks of which a job is under way. */
export function checkDisksIdle(place: JobPlace, requests: readonly SnapshotDisk[]): void {
  for (const disk of place.guest.config.devices.disks) {
    const request = requests.find(({ name }) => name === disk.target.dev);
    if (request !== undefined && request.location !== "no") checkIdle(place, disk);
  }
}

/** The emulator has its new images: everybody else follows. */
async function follow(place: JobPlace, overlays: readonly Overlay[]): Promise<void> {
  const { hypervisor, domain, guest, env } = place;
  const layerOf = new Map(overlays.map(({ disk, image }) => [disk.target.dev, image.layer]));
  guest.config = mapDevices(guest.config, {
    disk: (disk) => upon(disk, layerOf.get(disk.target.dev)),
  });
  await env.save();
  if (domain.persistent) {
    const definition = await hypervisor.definitions.load(domain.name);
    const changed = overlays.reduce(
      (all, { disk, image }) => definitionWithOverlay(all, disk, image.layer),
      definition,
    );
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
  if (overlay === undefined) return disk;
  const { layers, ends } = chainOf(disk);
  return withChain(disk, { layers: [overlay, ...layers], ends });
}
