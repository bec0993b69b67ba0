import { attr, XmlWriter } from "../../xml/index.js";
import { formatDomain } from "../domain/format/domain.js";
import { writeMomentDescription, writeMomentPlace } from "../moment/format.js";
import type { Checkpoint, CheckpointDisk } from "./model.js";

export interface CheckpointFormatOptions {
  /** With passwords. */
  readonly secure?: boolean;
  /** Without the domain's configuration. */
  readonly noDomain?: boolean;
  /** With the sizes of the disks. */
  readonly size?: boolean;
}

/** The checkpoint's XML, to the byte as libvirt prints it. */
export function formatCheckpoint(checkpoint: Checkpoint, options: CheckpointFormatOptions = {}): string {
  const w = new XmlWriter();
  w.block("domaincheckpoint", "", () => {
    writeMomentDescription(w, checkpoint);
    writeMomentPlace(w, checkpoint);
    w.element("disks", "", () => {
      for (const disk of checkpoint.disks) w.empty("disk", diskAttributes(disk, options));
    });
    if (checkpoint.domain === undefined || options.noDomain === true) return;
    w.raw(formatDomain(checkpoint.domain, { inactive: true, secure: options.secure === true, level: w.level }));
  });
  return w.toString();
}

function diskAttributes(disk: CheckpointDisk, options: CheckpointFormatOptions): string {
  const common = attr("name", disk.name) + attr("checkpoint", disk.checkpoint);
  if (disk.checkpoint === "no" || disk.bitmap === undefined) return common;
  return common + attr("bitmap", disk.bitmap) + (options.size === true ? attr("size", disk.size) : "");
}
