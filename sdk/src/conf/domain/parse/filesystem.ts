import {
  allowChildren,
  attribute,
  child,
  childAttribute,
  enumAttribute,
  enumOrDefault,
  onOffAttribute,
  parseInteger,
  requiredAttribute,
  scaledChild,
  unitScale,
  type XmlElement,
} from "../../../xml/index.js";
import { FILE_FORMATS } from "../../common/index.js";
import type { Filesystem, FilesystemBinary, FilesystemDriver, FilesystemSource } from "../model/index.js";
import {
  anySet,
  confError,
  has,
  type ParseContext,
  parseVirtioOptions,
  sanitizePath,
  wordAttribute,
} from "./context.js";
import { parseDeviceInfo } from "./device-info.js";
import { VIRTIO_MODELS } from "./disk.js";

const CHILDREN: ReadonlySet<string> = new Set(
  "acpi address alias binary boot driver readonly source space_hard_limit space_soft_limit target".split(" "),
);
const TYPES = ["mount", "block", "file", "template", "ram", "bind", "volume"] as const;

export function parseFilesystem(element: XmlElement, context: ParseContext): Filesystem {
  allowChildren(element, CHILDREN);
  const type = enumAttribute(element, "type", TYPES) ?? "mount";
  const driver = child(element, "driver");
  const parsedDriver = driver === undefined ? undefined : parseDriver(element, driver);
  const virtiofs = parsedDriver?.type === "virtiofs";
  const binary = virtiofs ? child(element, "binary") : undefined;
  return {
    kind: "filesystem",
    source: parseSource(element, type),
    // the empty word is the one that libvirt has for the default
    accessmode: enumAttribute(element, "accessmode", ["", "passthrough", "mapped", "squash"]) || undefined,
    multidevs: enumOrDefault(element, "multidevs", ["remap", "forbid", "warn"]),
    fmode: octal(element, "fmode"),
    dmode: octal(element, "dmode"),
    model: enumAttribute(element, "model", VIRTIO_MODELS),
    driver: parsedDriver,
    binary: binary === undefined ? undefined : parseBinary(binary),
    target: childAttribute(element, "target", "dir"),
    readonly: has(element, "readonly") || undefined,
    spaceHardLimit: scaledChild(element, "space_hard_limit", 1) || undefined,
    spaceSoftLimit: scaledChild(element, "space_soft_limit", 1) || undefined,
    ...parseDeviceInfo(element, context, { boot: true }),
  };
}

function octal(element: XmlElement, name: string): number | undefined {
  const text = attribute(element, name);
  if (text === undefined) return undefined;
  if (!/^[0-7]+$/.test(text)) {
    const words = `Invalid value for attribute '${name}' in element 'filesystem': '${text}'. Expected non-negative integer value`;
    throw confError(element, "XML_ERROR", words, "Write an octal mode, such as 0644.");
  }
  const mode = Number.parseInt(text, 8);
  if (mode > 0o777) throw confError(element, "XML_ERROR", `invalid ${name}: '0${mode.toString(8)}'`);
  return mode || undefined;
}

function parseSource(element: XmlElement, type: (typeof TYPES)[number]): FilesystemSource {
  const source = child(element, "source");
  const need = (name: string): string => {
    const value = source && attribute(source, name);
    if (value === undefined) {
      throw confError(
        element,
        "NO_SOURCE",
        childAttribute(element, "target", "dir") ?? "",
        `Add <source ${name}='...'/>.`,
      );
    }
    return value;
  };
  switch (type) {
    case "mount": {
      const socket = source && attribute(source, "socket");
      if (socket !== undefined) return { type, socket, dir: source && attribute(source, "dir") };
      return { type, dir: need("dir") };
    }
    case "bind":
      return { type, dir: need("dir") };
    case "block":
      return { type, dev: need("dev") };
    case "file":
      return { type, file: need("file") };
    case "template":
      return { type, name: need("name") };
    case "ram": {
      const usage = source && attribute(source, "usage");
      if (source === undefined || usage === undefined) {
        throw confError(element, "XML_ERROR", "missing 'usage' attribute for RAM filesystem");
      }
      const amount = parseInteger(usage);
      if (amount === undefined)
        throw confError(source, "XML_ERROR", `cannot parse usage '${usage}' for RAM filesystem`);
      return { type, usage: Math.floor((amount * unitScale(attribute(source, "units"), 1024, source)) / 1024) };
    }
    case "volume":
      if (source === undefined)
        throw confError(element, "XML_ERROR", "Missing required attribute 'pool' in element 'source'");
      return { type, pool: requiredAttribute(source, "pool"), volume: requiredAttribute(source, "volume") };
  }
}

const DRIVERS = ["path", "handle", "loop", "nbd", "ploop", "virtiofs"] as const;

function parseDriver(element: XmlElement, driver: XmlElement): FilesystemDriver | undefined {
  const type = enumOrDefault(driver, "type", DRIVERS);
  const queueText = type === "virtiofs" ? attribute(driver, "queue") : undefined;
  const queue = queueText === undefined ? undefined : parseInteger(queueText);
  if (queueText !== undefined && queue === undefined) {
    throw confError(element, "XML_ERROR", `cannot parse queue size '${queueText}' for virtiofs`);
  }
  const parsed: FilesystemDriver = {
    type,
    format: wordAttribute(driver, "format", FILE_FORMATS, (value) => `unknown driver format value '${value}'`),
    wrpolicy: enumOrDefault(driver, "wrpolicy", ["immediate"]),
    queue: queue || undefined,
    ...parseVirtioOptions(driver),
  };
  return anySet(parsed) ? parsed : undefined;
}

function parseBinary(element: XmlElement): FilesystemBinary {
  const path = attribute(element, "path");
  const lock = child(element, "lock");
  const cache = child(element, "cache");
  const sandbox = child(element, "sandbox");
  const size = childAttribute(element, "thread_pool", "size");
  const threads = size === undefined ? undefined : parseInteger(size, { signed: true });
  if (size !== undefined && threads === undefined) {
    throw confError(element, "XML_ERROR", `cannot parse thread pool size '${size}' for virtiofs`);
  }
  return {
    path: path === undefined ? undefined : sanitizePath(path),
    xattr: onOffAttribute(element, "xattr"),
    cache: cache && enumAttribute(cache, "mode", ["none", "always"]),
    sandbox: sandbox && enumAttribute(sandbox, "mode", ["namespace", "chroot"]),
    posixLock: lock && onOffAttribute(lock, "posix"),
    flock: lock && onOffAttribute(lock, "flock"),
    threadPoolSize: threads !== undefined && threads >= 0 ? threads : undefined,
  };
}
