import { attr, XmlWriter } from "../../xml/index.js";
import { formatWhole } from "../byte-size.js";
import { formatEncryption } from "../domain/format/storage.js";
import { formatPermissions } from "../storage-pool/permissions.js";
import type {
  StorageExtent,
  StorageTimestamp,
  StorageTimestamps,
  StorageVolume,
  StorageVolumeBacking,
  StorageVolumeTarget,
} from "./model.js";

const BYTES = attr("unit", "bytes");

/** A storage volume as libvirt prints it. */
export function formatStorageVolume(volume: StorageVolume): string {
  const w = new XmlWriter();
  w.block("volume", attr("type", volume.type), () => {
    w.leaf("name", volume.name);
    w.leaf("key", volume.key);
    w.element("source", "", () => formatExtents(w, volume.extents ?? []));
    w.leaf("capacity", formatWhole(volume.capacity), BYTES);
    w.leaf("allocation", formatWhole(volume.allocation ?? volume.capacity), BYTES);
    if (volume.physical) w.leaf("physical", formatWhole(volume.physical), BYTES);
    w.block("target", "", () => formatTarget(w, volume.target));
    const { backingStore } = volume;
    if (backingStore !== undefined) w.block("backingStore", "", () => formatImage(w, backingStore));
  });
  return w.toString();
}

/** One `<device>` for each run of pieces on the same device. */
function formatExtents(w: XmlWriter, extents: readonly StorageExtent[]): void {
  for (let at = 0; at < extents.length; ) {
    const path = extents[at]?.path ?? "";
    const end = extents.findIndex((each, i) => i > at && each.path !== path);
    const run = extents.slice(at, end === -1 ? undefined : end);
    w.block("device", attr("path", path), () => {
      for (const each of run) {
        w.empty("extent", attr("start", formatWhole(each.start)) + attr("end", formatWhole(each.end)));
      }
    });
    at += run.length;
  }
}

function formatImage(w: XmlWriter, image: StorageVolumeTarget | StorageVolumeBacking): void {
  w.leaf("path", image.path);
  w.emptyIfAttributes("format", attr("type", image.format));
  formatPermissions(w, image.permissions);
  if (image.timestamps !== undefined) formatTimestamps(w, image.timestamps);
}

function formatTimestamps(w: XmlWriter, timestamps: StorageTimestamps): void {
  w.block("timestamps", "", () => {
    for (const name of ["atime", "mtime", "ctime", "btime"] as const) {
      const time = timestamps[name];
      if (time !== undefined) w.leaf(name, timestampText(time));
    }
  });
}

function timestampText({ seconds, nanoseconds }: StorageTimestamp): string {
  return nanoseconds === 0 ? `${seconds}` : `${seconds}.${nanoseconds.toString().padStart(9, "0")}`;
}

function formatTarget(w: XmlWriter, target: StorageVolumeTarget): void {
  formatImage(w, target);
  if (target.encryption !== undefined) formatEncryption(w, target.encryption);
  w.leaf("compat", target.compat);
  if (target.clusterSize) w.leaf("clusterSize", formatWhole(target.clusterSize), attr("unit", "B"));
  const { features } = target;
  if (features !== undefined) {
    w.elementAlways("features", "", () => {
      for (const feature of features) w.empty(feature);
    });
  }
}
