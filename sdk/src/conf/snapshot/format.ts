import { attr, XmlWriter } from "../../xml/index.js";
import type { FormatContext } from "../domain/format/context.js";
import { formatDomain } from "../domain/format/domain.js";
import { formatMetadataCache, formatStorageSource } from "../domain/format/storage.js";
import { sourcePath } from "../moment/disks.js";
import { writeMomentDescription, writeMomentPlace } from "../moment/format.js";
import { writeSaveCookie } from "../save-image/cookie.js";
import type { Snapshot, SnapshotDisk } from "./model.js";

export interface SnapshotFormatOptions {
  /** With passwords. */
  readonly secure?: boolean;
  /** The UUID to print of a domain whose configuration the snapshot does not have. */
  readonly domainUuid?: string;
  /** For a driver's own files: whether this is the domain's current snapshot. Read again by `parseStoredSnapshot`. */
  readonly current?: boolean;
}

const CONTEXT: FormatContext = { inactive: false, secure: false, migratable: false, status: false };

/** The snapshot's XML, to the byte as libvirt prints it. */
export function formatSnapshot(snapshot: Snapshot, options: SnapshotFormatOptions = {}): string {
  const w = new XmlWriter();
  w.block("domainsnapshot", "", () => {
    writeMomentDescription(w, snapshot);
    w.leaf("state", snapshot.state);
    writeMomentPlace(w, snapshot);
    const { memory } = snapshot;
    if (memory !== undefined) {
      const file = memory.location === "external" ? memory.file : undefined;
      w.empty("memory", attr("snapshot", memory.location) + attr("file", file));
    }
    w.element("disks", "", () => {
      for (const disk of snapshot.disks) writeDisk(w, disk);
    });
    writeDomains(w, snapshot, options);
    if (snapshot.cookie !== undefined) writeSaveCookie(w, snapshot.cookie);
    if (options.current !== undefined) w.leaf("active", options.current ? 1 : 0);
  });
  return w.toString();
}

function writeDomains(w: XmlWriter, snapshot: Snapshot, options: SnapshotFormatOptions): void {
  const how = { inactive: true, secure: options.secure === true, level: w.level };
  const { domain, inactiveDomain } = snapshot;
  const { domainUuid } = options;
  if (domain !== undefined) w.raw(formatDomain(domain, how));
  else if (domainUuid !== undefined) w.block("domain", "", () => w.leaf("uuid", domainUuid));
  if (inactiveDomain !== undefined) w.raw(formatDomain(inactiveDomain, { ...how, rootName: "inactiveDomain" }));
}

function writeDisk(w: XmlWriter, disk: SnapshotDisk): void {
  const { source, format } = disk;
  const hasImage = sourcePath(source) !== undefined || format !== undefined;
  const type = hasImage ? attr("type", source.type) : "";
  w.element("disk", attr("name", disk.name) + attr("snapshot", disk.location) + type, () => {
    if (disk.deleteInProgress === true) w.empty("snapshotDeleteInProgress");
    if (!hasImage) return;
    w.element("driver", attr("type", format), () => formatMetadataCache(w, source.metadataCacheMaxSize));
    formatStorageSource(w, source, CONTEXT);
  });
}
