import { attr, attrNonzero, type XmlWriter } from "../../../xml/index.js";
import type { Disk, DiskMirror } from "../model/index.js";
import { IOTUNE_FIELDS } from "../parse/disk.js";
import { type FormatContext, virtioOptions } from "./context.js";
import { formatDeviceInfo } from "./device-info.js";
import {
  formatAuth,
  formatBackingStore,
  formatEncryption,
  formatMetadataCache,
  formatStorageSource,
} from "./storage.js";

export function formatDisk(w: XmlWriter, disk: Disk, context: FormatContext): void {
  const snapshot = disk.snapshot === "no" && disk.readonly === true ? undefined : disk.snapshot;
  const attributes =
    attr("type", disk.source.type) +
    attr("device", disk.device) +
    attr("model", disk.model) +
    attr("rawio", disk.rawio) +
    attr("sgio", disk.sgio) +
    attr("snapshot", snapshot);
  w.block("disk", attributes, () => {
    formatDriver(w, disk);
    if (disk.authInDisk === true && disk.source.auth !== undefined) {
      formatAuth(w, disk.source.auth);
    }
    formatStorageSource(w, disk.source, context, {
      index: true,
      startupPolicy: true,
      skipAuth: disk.authInDisk,
      skipEncryption: disk.encryptionInDisk,
    });
    formatBackingStore(w, disk.backingStore, context);
    if (disk.backendDomain !== undefined) w.empty("backenddomain", attr("name", disk.backendDomain));
    formatShape(w, disk);
    if (disk.mirror !== undefined && !context.inactive) formatMirror(w, disk.mirror, context);
    formatTarget(w, disk);
    formatIoTune(w, disk);
    if (disk.readonly === true) w.empty("readonly");
    if (disk.shareable === true) w.empty("shareable");
    if (disk.transient !== undefined) {
      w.empty("transient", disk.transient.shareBacking === "yes" ? attr("shareBacking", "yes") : "");
    }
    w.leaf("serial", disk.serial);
    w.leaf("wwn", disk.wwn);
    w.leaf("vendor", disk.vendor);
    w.leaf("product", disk.product);
    if (disk.encryptionInDisk === true && disk.source.encryption !== undefined) {
      formatEncryption(w, disk.source.encryption);
    }
    formatDeviceInfo(w, disk);
    if (context.status) {
      const placement =
        (disk.authInDisk === true ? attr("auth", "true") : "") +
        (disk.encryptionInDisk === true ? attr("enc", "true") : "");
      w.emptyIfAttributes("diskSecretsPlacement", placement);
    }
  });
}

function formatDriver(w: XmlWriter, disk: Disk): void {
  const { driver } = disk;
  if (driver === undefined) return;
  const attributes =
    attr("name", driver.name) +
    attr("type", driver.type) +
    attr("cache", driver.cache) +
    attr("error_policy", driver.errorPolicy) +
    attr("rerror_policy", driver.rerrorPolicy) +
    attr("io", driver.io) +
    attr("ioeventfd", driver.ioeventfd) +
    attr("event_idx", driver.eventIdx) +
    attr("copy_on_read", driver.copyOnRead) +
    attr("discard", driver.discard) +
    attr("iothread", driver.iothread) +
    attr("detect_zeroes", driver.detectZeroes) +
    attrNonzero("queues", driver.queues) +
    attrNonzero("queue_size", driver.queueSize) +
    virtioOptions(driver);
  w.element("driver", attributes, () => formatMetadataCache(w, driver.metadataCacheMaxSize));
}

function formatShape(w: XmlWriter, disk: Disk): void {
  const { geometry, blockio } = disk;
  if (geometry !== undefined && geometry.cylinders > 0 && geometry.heads > 0 && geometry.sectors > 0) {
    const size = attr("cyls", geometry.cylinders) + attr("heads", geometry.heads) + attr("secs", geometry.sectors);
    w.empty("geometry", size + attr("trans", geometry.trans));
  }
  if (blockio !== undefined) {
    w.emptyIfAttributes(
      "blockio",
      attrNonzero("logical_block_size", blockio.logicalBlockSize) +
        attrNonzero("physical_block_size", blockio.physicalBlockSize),
    );
  }
}

function formatTarget(w: XmlWriter, disk: Disk): void {
  const { target } = disk;
  const removable = disk.device === "floppy" || disk.device === "cdrom";
  w.empty(
    "target",
    attr("dev", target.dev) +
      attr("bus", target.bus) +
      (removable && target.tray === "open" ? attr("tray", target.tray) : "") +
      (target.bus === "usb" ? attr("removable", target.removable) : "") +
      attrNonzero("rotation_rate", target.rotationRate),
  );
}

function formatIoTune(w: XmlWriter, disk: Disk): void {
  const tune = disk.iotune;
  if (tune === undefined) return;
  w.element("iotune", "", () => {
    for (const [name, field] of IOTUNE_FIELDS) {
      if (field === "totalBytesSecMaxLength") w.leaf("group_name", tune.groupName);
      const value = tune[field];
      if (value) w.leaf(name, value);
    }
  });
}

function formatMirror(w: XmlWriter, mirror: DiskMirror, context: FormatContext): void {
  const { source, format } = mirror;
  const older =
    source.type === "file" && mirror.job === "copy" ? attr("file", source.path) + attr("format", format) : "";
  w.element("mirror", attr("type", source.type) + older + attr("job", mirror.job) + attr("ready", mirror.ready), () => {
    w.element("format", attr("type", format), () => formatMetadataCache(w, source.metadataCacheMaxSize));
    formatStorageSource(w, source, context, { index: true });
    formatBackingStore(w, mirror.backingStore, context);
  });
}
