import { attr, attrNonzero, XmlWriter } from "../../xml/index.js";
import type { FormatContext } from "../domain/format/context.js";
import { formatStorageSource } from "../domain/format/storage.js";
import type { Backup, BackupDisk, BackupServer } from "./model.js";

export interface BackupFormatOptions {
  /** For a driver's own files: with the states of the copies. */
  readonly internal?: boolean;
  /** How deep the document is indented. */
  readonly level?: number;
}

/** The backup's XML, to the byte as libvirt prints it. */
export function formatBackup(backup: Backup, options: BackupFormatOptions = {}): string {
  const internal = options.internal === true;
  const w = new XmlWriter(options.level ?? 0);
  w.elementAlways("domainbackup", attr("mode", backup.mode), () => {
    w.leaf("incremental", backup.incremental);
    if (backup.mode === "pull" && backup.server !== undefined) w.empty("server", serverAttributes(backup.server));
    w.element("disks", "", () => {
      for (const disk of backup.disks) writeDisk(w, disk, backup.mode, internal);
    });
    if (internal) writePrivate(w, backup);
  });
  return w.toString();
}

function serverAttributes({ host, tls }: BackupServer): string {
  const place =
    host.transport === "unix" ? attr("socket", host.socket) : attr("name", host.name) + attrNonzero("port", host.port);
  return attr("transport", host.transport) + attr("tls", tls) + place;
}

function writeDisk(w: XmlWriter, disk: BackupDisk, mode: Backup["mode"], internal: boolean): void {
  const common = attr("name", disk.name) + attr("backup", disk.backup);
  if (disk.backup === "no") {
    w.empty("disk", common);
    return;
  }
  const { source, format } = disk.store;
  const attributes =
    common +
    (internal ? attr("state", disk.state) : "") +
    attr("type", source.type) +
    attr("backupmode", disk.mode) +
    attr("incremental", disk.incremental) +
    attr("exportname", disk.exportName) +
    attr("exportbitmap", disk.exportBitmap) +
    attrNonzero("index", source.index);
  const context: FormatContext = { inactive: false, secure: false, migratable: false, status: internal };
  w.element("disk", attributes, () => {
    if (format !== undefined) w.empty("driver", attr("type", format));
    formatStorageSource(w, source, context, { element: mode === "push" ? "target" : "scratch" });
  });
}

function writePrivate(w: XmlWriter, backup: Backup): void {
  const { tlsAlias, tlsSecretAlias } = backup;
  w.element("privateData", "", () => {
    w.element("objects", "", () => {
      if (tlsSecretAlias !== undefined) w.empty("secret", attr("type", "tlskey") + attr("alias", tlsSecretAlias));
      if (tlsAlias !== undefined) w.empty("TLSx509", attr("alias", tlsAlias));
    });
  });
}
