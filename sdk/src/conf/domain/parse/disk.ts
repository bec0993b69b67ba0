import {
  allowChildren,
  attribute,
  child,
  childAttribute,
  childText,
  enumAttribute,
  enumOrDefault,
  integerAttribute,
  onOffAttribute,
  parseInteger,
  textOf,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import { FILE_FORMATS } from "../../common/index.js";
import type { Disk, DiskDriver, DiskMirror, IoTune, StorageSource } from "../model/index.js";
import { anySet, confError, has, type ParseContext, parseVirtioOptions, word, wordAttribute } from "./context.js";
import { parseDeviceInfo } from "./device-info.js";
import {
  metadataCache,
  parseBackingStore,
  parseStorageSource,
  STORAGE_TYPES,
  storageFormat,
  storageType,
} from "./storage.js";
import { parseAuth, parseEncryption } from "./storage-secrets.js";

const CHILDREN: ReadonlySet<string> = new Set(
  (
    "acpi address alias auth backenddomain backingStore blockio boot diskSecretsPlacement driver encryption geometry " +
    "iotune mirror privateData product readonly serial shareable source state target transient vendor wwn"
  ).split(" "),
);

export const VIRTIO_MODELS = ["virtio", "virtio-transitional", "virtio-non-transitional"] as const;
const DEVICES = ["disk", "cdrom", "floppy", "lun"] as const;
const BUSES = ["ide", "fdc", "scsi", "virtio", "xen", "usb", "uml", "sata", "sd"] as const;

export function parseDisk(element: XmlElement, context: ParseContext): Disk {
  allowChildren(element, CHILDREN);
  const type = enumAttribute(element, "type", STORAGE_TYPES) ?? "file";
  const driver = child(element, "driver");
  const geometry = child(element, "geometry");
  const blockio = child(element, "blockio");
  const mirror = context.inactive ? undefined : child(element, "mirror");
  const transient = child(element, "transient");
  const target = child(element, "target");
  const placement = context.status ? child(element, "diskSecretsPlacement") : undefined;
  return {
    kind: "disk",
    device: enumAttribute(element, "device", DEVICES) ?? "disk",
    model: enumOrDefault(element, "model", VIRTIO_MODELS),
    rawio: yesNoAttribute(element, "rawio"),
    sgio: enumAttribute(element, "sgio", ["filtered", "unfiltered"]),
    snapshot: enumAttribute(element, "snapshot", ["no", "internal", "external", "manual"]),
    driver: driver === undefined ? undefined : parseDriver(driver),
    authInDisk:
      has(element, "auth") || (placement !== undefined && attribute(placement, "auth") !== undefined) || undefined,
    encryptionInDisk:
      has(element, "encryption") || (placement !== undefined && attribute(placement, "enc") !== undefined) || undefined,
    source: parseSource(element, type, context),
    backingStore: parseBackingStore(element, context),
    backendDomain: childAttribute(element, "backenddomain", "name"),
    geometry: geometry === undefined ? undefined : parseGeometry(geometry),
    blockio:
      blockio === undefined
        ? undefined
        : {
            logicalBlockSize: integerAttribute(blockio, "logical_block_size"),
            physicalBlockSize: integerAttribute(blockio, "physical_block_size"),
          },
    mirror: mirror === undefined ? undefined : parseMirror(mirror, context),
    target: parseTarget(target, element),
    iotune: parseIoTune(element),
    readonly: has(element, "readonly") || undefined,
    shareable: has(element, "shareable") || undefined,
    transient: transient === undefined ? undefined : { shareBacking: yesNoAttribute(transient, "shareBacking") },
    serial: childText(element, "serial"),
    wwn: childText(element, "wwn"),
    vendor: childText(element, "vendor"),
    product: childText(element, "product"),
    ...parseDeviceInfo(element, context, { boot: true }),
  };
}

/** What libvirt calls a source by in messages: its path, which in a pool of the network is the image's. */
function sourceName(source: XmlElement | undefined): string {
  if (source === undefined) return "";
  const [pool, volume] = [attribute(source, "pool"), attribute(source, "volume")];
  if (pool !== undefined && volume !== undefined) return `pool = '${pool}', volume = '${volume}'`;
  const pooled = ["gluster", "rbd"].includes(attribute(source, "protocol") ?? "");
  const places = ["file", "dev", "dir", "name"].map((each) => attribute(source, each));
  const name = places.find((each) => each !== undefined) ?? "";
  return pooled ? name.slice(name.indexOf("/", 1) + 1) : name;
}

function parseTarget(target: XmlElement | undefined, disk: XmlElement): Disk["target"] {
  const dev = target === undefined ? undefined : attribute(target, "dev");
  if (target === undefined || dev === undefined) {
    const source = child(disk, "source");
    throw confError(disk, "NO_TARGET", sourceName(source), "Add <target dev='vda' bus='virtio'/>.");
  }
  return {
    dev,
    bus: enumAttribute(target, "bus", BUSES),
    tray: enumAttribute(target, "tray", ["closed", "open"]) === "open" ? "open" : undefined,
    removable: onOffAttribute(target, "removable"),
    rotationRate: integerAttribute(target, "rotation_rate"),
  };
}

function parseSource(element: XmlElement, type: (typeof STORAGE_TYPES)[number], context: ParseContext): StorageSource {
  const node = child(element, "source");
  const auth = child(element, "auth");
  const encryption = child(element, "encryption");
  // without <source> the drive is empty, whatever the type says
  if (node === undefined) {
    return {
      type: "file",
      auth: auth === undefined ? undefined : parseAuth(auth),
      encryption: encryption === undefined ? undefined : parseEncryption(encryption),
    };
  }
  const place = parseStorageSource(node, type, context);
  const source: StorageSource = {
    startupPolicy: enumAttribute(node, "startupPolicy", ["mandatory", "requisite", "optional"]),
    index: context.inactive ? undefined : integerAttribute(node, "index") || undefined,
    ...place,
  };
  if (encryption !== undefined && source.encryption !== undefined) {
    throw confError(encryption, "CONFIG_UNSUPPORTED", "an <encryption> definition already found for disk source");
  }
  const sealed = encryption === undefined ? source : { ...source, encryption: parseEncryption(encryption) };
  if (auth === undefined) return sealed;
  if (sealed.auth !== undefined) {
    throw confError(auth, "CONFIG_UNSUPPORTED", "an <auth> definition already found for disk source");
  }
  return { ...sealed, auth: parseAuth(auth) };
}

const ERROR_POLICIES = ["stop", "report", "ignore", "enospace"] as const;

function parseDriver(element: XmlElement): DiskDriver | undefined {
  const rerror = enumAttribute(element, "rerror_policy", ERROR_POLICIES);
  if (rerror === "enospace") {
    throw confError(element, "CONFIG_UNSUPPORTED", `Invalid disk read error policy: '${rerror}'`);
  }
  const type = attribute(element, "type");
  const driver: DiskDriver = {
    name: attribute(element, "name"),
    type:
      type === undefined
        ? undefined
        : word(
            element,
            type === "aio" ? "raw" : type,
            FILE_FORMATS,
            (value) => `unknown driver format value '${value}'`,
          ),
    cache: enumOrDefault(element, "cache", ["none", "writethrough", "writeback", "directsync", "unsafe"]),
    errorPolicy: enumAttribute(element, "error_policy", ERROR_POLICIES),
    rerrorPolicy: rerror,
    io: enumAttribute(element, "io", ["native", "threads", "io_uring"]),
    ioeventfd: onOffAttribute(element, "ioeventfd"),
    eventIdx: onOffAttribute(element, "event_idx"),
    copyOnRead: onOffAttribute(element, "copy_on_read"),
    discard: enumAttribute(element, "discard", ["unmap", "ignore"]),
    iothread: integerAttribute(element, "iothread", { nonzero: true }),
    detectZeroes: enumAttribute(element, "detect_zeroes", ["off", "on", "unmap"]),
    queues: integerAttribute(element, "queues") || undefined,
    queueSize: integerAttribute(element, "queue_size") || undefined,
    metadataCacheMaxSize: metadataCache(element, "./metadata_cache/max_size") || undefined,
    ...parseVirtioOptions(element),
  };
  return anySet(driver) ? driver : undefined;
}

function parseGeometry(element: XmlElement): Disk["geometry"] {
  return {
    cylinders: integerAttribute(element, "cyls") ?? 0,
    heads: integerAttribute(element, "heads") ?? 0,
    sectors: integerAttribute(element, "secs") ?? 0,
    trans: enumAttribute(element, "trans", ["none", "auto", "lba"]),
  };
}

function parseMirror(element: XmlElement, context: ParseContext): DiskMirror {
  const job =
    wordAttribute(element, "job", ["copy", "active-commit"], (value) => `unknown mirror job type '${value}'`) ?? "copy";
  const ready = wordAttribute(
    element,
    "ready",
    ["none", "yes", "abort", "pivot"],
    (value) => `unknown mirror ready state ${value}`,
    "XML_ERROR",
  );
  const state = ready === "none" ? undefined : ready;
  const type = attribute(element, "type");
  if (type === undefined) {
    if (job !== "copy") throw confError(element, "XML_ERROR", "mirror without type only supported by copy job");
    const file = attribute(element, "file");
    if (file === undefined) throw confError(element, "XML_ERROR", "mirror requires file name");
    const format = attribute(element, "format");
    return {
      job,
      ready: state,
      format: format === undefined ? undefined : storageFormat(element, format),
      source: { type: "file", path: file },
    };
  }
  const source = child(element, "source");
  if (source === undefined) throw confError(element, "XML_ERROR", "mirror requires source element");
  const formatElement = child(element, "format");
  const format = formatElement === undefined ? undefined : attribute(formatElement, "type");
  return {
    job,
    ready: state,
    format: format === undefined ? undefined : storageFormat(element, format),
    source: {
      index: integerAttribute(source, "index"),
      metadataCacheMaxSize: formatElement === undefined ? undefined : metadataCache(formatElement),
      ...parseStorageSource(source, storageType(element, type), context),
    },
    backingStore: parseBackingStore(element, context),
  };
}

export const IOTUNE_FIELDS = [
  ["total_bytes_sec", "totalBytesSec"],
  ["read_bytes_sec", "readBytesSec"],
  ["write_bytes_sec", "writeBytesSec"],
  ["total_iops_sec", "totalIopsSec"],
  ["read_iops_sec", "readIopsSec"],
  ["write_iops_sec", "writeIopsSec"],
  ["total_bytes_sec_max", "totalBytesSecMax"],
  ["read_bytes_sec_max", "readBytesSecMax"],
  ["write_bytes_sec_max", "writeBytesSecMax"],
  ["total_iops_sec_max", "totalIopsSecMax"],
  ["read_iops_sec_max", "readIopsSecMax"],
  ["write_iops_sec_max", "writeIopsSecMax"],
  ["size_iops_sec", "sizeIopsSec"],
  ["total_bytes_sec_max_length", "totalBytesSecMaxLength"],
  ["read_bytes_sec_max_length", "readBytesSecMaxLength"],
  ["write_bytes_sec_max_length", "writeBytesSecMaxLength"],
  ["total_iops_sec_max_length", "totalIopsSecMaxLength"],
  ["read_iops_sec_max_length", "readIopsSecMaxLength"],
  ["write_iops_sec_max_length", "writeIopsSecMaxLength"],
] as const;

function parseIoTune(disk: XmlElement): IoTune | undefined {
  const element = child(disk, "iotune");
  if (element === undefined) return undefined;
  const tune: Record<string, number | string> = {};
  for (const [name, field] of IOTUNE_FIELDS) {
    const each = child(element, name);
    if (each === undefined) continue;
    const text = textOf(each).trim();
    if (text === "") continue;
    const value = parseInteger(text);
    if (value === undefined) throw confError(each, "XML_ERROR", `disk iotune field '${name}' must be an integer`);
    if (value !== 0) tune[field] = value;
  }
  const group = childText(element, "group_name");
  const limits: IoTune = tune;
  return group === undefined && Object.keys(tune).length === 0 ? undefined : { groupName: group, ...limits };
}
