import type { Disk } from "@polyvisor/sdk/conf";
import { refuse } from "../errors.js";
import { discardOf, diskBackend } from "../libxl/disks.js";
import { formatSource, refuseTransient } from "../xl-disks.js";
import { oneLine, part } from "./xl-text.js";

/** A disk as xl is told of it, for `disk = [...]` and for `xl block-attach`. Throws what Xen cannot do. */
export function formatXlDisk(disk: Disk): string {
  if (disk.transient !== undefined) refuseTransient();
  if (disk.source.auth !== undefined) {
    const words = "Xen's disks on the network cannot have secrets";
    refuse("CONFIG_UNSUPPORTED", words, "Use a disk without <auth>.", "LIBXL");
  }
  const isCdrom = disk.device === "cdrom";
  const path = formatSource(disk.source, "\\");
  const { format, backend } = diskBackend(disk);
  const discard = discardOf(disk);
  return [
    `format=${isCdrom && path === undefined ? "empty" : format}`,
    ...part("vdev", disk.target.dev),
    `access=${disk.readonly === true ? "ro" : "rw"}`,
    ...part("backendtype", backend),
    ...part("backend", disk.backendDomain),
    ...(isCdrom ? ["devtype=cdrom"] : []),
    ...(discard === undefined ? [] : [discard ? "discard" : "no-discard"]),
    ...(path === undefined ? [] : [`target=${targetOf(path)}`]),
  ].join(",");
}

/** The target is the whole rest, of which xl takes one comma off. */
function targetOf(path: string): string {
  return oneLine("the source of a disk", path.endsWith(",") ? `${path},` : path);
}
