import type { Placed, Placement } from "./placement.js";

/** Virtio devices without a place, which may sit on whatever bus the machine prefers. */
export function homelessVirtio(placement: Placement): readonly Placed[] {
  const d = placement.domain.devices;
  const all: (Placed | undefined)[] = [
    ...d.disks.filter((each) => each.target.bus === "virtio"),
    ...d.interfaces.filter((each) => each.model?.startsWith("virtio")),
    ...d.videos.filter((each) => each.model.type === "virtio"),
    ...d.inputs.filter((each) => each.bus === "virtio"),
    ...d.controllers.filter((each) => each.type === "virtio-serial" || each.type === "scsi"),
    ...d.hostdevs.filter((each) => each.source.type === "scsi_host"),
    d.memballoon?.model === "none" ? undefined : d.memballoon,
    ...d.rngs,
    ...d.memories.filter((each) => each.model === "virtio-pmem" || each.model === "virtio-mem"),
  ];
  return all.filter((device) => device !== undefined).filter((device) => placement.addressOf(device) === undefined);
}
