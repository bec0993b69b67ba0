import {
  allowChildren,
  attribute,
  child,
  childElements,
  childText,
  enumAttribute,
  enumOrDefault,
  integerAttribute,
  longAttribute,
  onOffAttribute,
  parseInteger,
  requiredEnum,
  scaledChild,
  textOf,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import type {
  Iommu,
  Lease,
  Memballoon,
  Nvram,
  Panic,
  Rng,
  RngBackend,
  Shmem,
  Smartcard,
  Vsock,
  Watchdog,
} from "../model/index.js";
import { CHARDEV_TYPES, parseChardevSource } from "./chardev.js";
import { anySet, confError, type ParseContext, parseVirtioOptions, sanitizePath, word } from "./context.js";
import { parseDeviceInfo } from "./device-info.js";
import { VIRTIO_MODELS } from "./disk.js";

const set = (names: string): ReadonlySet<string> => new Set(`acpi address alias ${names}`.trim().split(" "));
const WATCHDOG = set("");
const MEMBALLOON = set("driver stats");
const RNG = set("backend driver rate");
const SMARTCARD = set("certificate database log protocol source");
const SHMEM = set("model msi server size");
const IOMMU = set("driver");
const VSOCK = set("cid driver");

export function parseWatchdog(element: XmlElement, context: ParseContext): Watchdog {
  allowChildren(element, WATCHDOG);
  const model = attribute(element, "model");
  if (model === undefined) throw confError(element, "INTERNAL_ERROR", "watchdog must contain model name");
  const action = attribute(element, "action");
  const actions = ["reset", "shutdown", "poweroff", "pause", "dump", "none", "inject-nmi"] as const;
  return {
    kind: "watchdog",
    model: word(element, model, ["i6300esb", "ib700", "diag288"], (value) => `unknown watchdog model '${value}'`),
    action:
      action === undefined ? "reset" : word(element, action, actions, (value) => `unknown watchdog action '${value}'`),
    ...parseDeviceInfo(element, context),
  };
}

export function parseMemballoon(element: XmlElement, context: ParseContext): Memballoon {
  allowChildren(element, MEMBALLOON);
  const model = requiredEnum(element, "model", [...VIRTIO_MODELS, "xen", "none"]);
  const stats = child(element, "stats");
  const period = stats && integerAttribute(stats, "period", { base: 0, signed: true });
  return {
    kind: "memballoon",
    model,
    autodeflate: onOffAttribute(element, "autodeflate"),
    freePageReporting: onOffAttribute(element, "freePageReporting"),
    statsPeriod: period !== undefined && period > 0 ? period : undefined,
    driver: parseVirtioOptions(child(element, "driver")),
    ...(model === "none" ? {} : parseDeviceInfo(element, context)),
  };
}

export function parseRng(element: XmlElement, context: ParseContext): Rng {
  allowChildren(element, RNG);
  const model = attribute(element, "model");
  if (model === undefined) throw confError(element, "XML_ERROR", "missing RNG device model", "Add model='virtio'.");
  const rate = child(element, "rate");
  const number = (name: string): number | undefined => {
    const text = rate && attribute(rate, name);
    if (rate === undefined || !text) return undefined;
    const value = parseInteger(text, { max: 4294967295 });
    if (value === undefined) throw confError(rate, "XML_ERROR", `invalid RNG rate ${name} value`, "Write a number.");
    return value || undefined;
  };
  const bytes = number("bytes");
  return {
    kind: "rng",
    model: word(element, model, VIRTIO_MODELS, (value) => `unknown RNG model '${value}'`),
    rate: bytes === undefined ? undefined : { bytes, period: number("period") },
    backend: parseRngBackend(element, context),
    driver: parseVirtioOptions(child(element, "driver")),
    ...parseDeviceInfo(element, context),
  };
}

function parseRngBackend(element: XmlElement, context: ParseContext): RngBackend {
  const [backend, second] = childElements(element, "backend");
  if (backend === undefined || second !== undefined) {
    throw confError(second ?? element, "XML_ERROR", "only one RNG backend is supported", "Give one <backend>.");
  }
  const written = attribute(backend, "model");
  if (written === undefined) throw confError(backend, "XML_ERROR", "missing RNG device backend model");
  const model = word(backend, written, ["random", "egd", "builtin"], (value) => `unknown RNG backend model '${value}'`);
  if (model === "random") return { model, path: textOf(backend) || undefined };
  if (model === "builtin") return { model };
  const type = attribute(backend, "type");
  if (type === undefined) throw confError(backend, "XML_ERROR", "missing EGD backend type");
  const known = word(backend, type, CHARDEV_TYPES, (value) => `unknown backend type '${value}' for egd`);
  return { model, source: parseChardevSource(backend, known, context) };
}

export function parsePanic(element: XmlElement, context: ParseContext): Panic {
  allowChildren(element, WATCHDOG);
  const info = parseDeviceInfo(element, context);
  const models = ["default", "isa", "pseries", "hyperv", "s390"] as const;
  const written = attribute(element, "model");
  const model =
    written === undefined ? undefined : word(element, written, models, (value) => `unknown panic model '${value}'`);
  return { kind: "panic", model: model === "default" ? undefined : model, ...info };
}

export function parseVsock(element: XmlElement, context: ParseContext): Vsock {
  allowChildren(element, VSOCK);
  const cid = child(element, "cid");
  return {
    kind: "vsock",
    model: enumOrDefault(element, "model", VIRTIO_MODELS),
    cid:
      cid === undefined
        ? {}
        : { auto: yesNoAttribute(cid, "auto"), address: integerAttribute(cid, "address", { nonzero: true }) },
    driver: parseVirtioOptions(child(element, "driver")),
    ...parseDeviceInfo(element, context),
  };
}

export function parseSmartcard(element: XmlElement, context: ParseContext): Smartcard {
  allowChildren(element, SMARTCARD);
  const mode = requiredEnum(element, "mode", ["host", "host-certificates", "passthrough"]);
  const info = parseDeviceInfo(element, context);
  if (mode === "host") return { kind: "smartcard", mode, ...info };
  if (mode === "passthrough") {
    const type = attribute(element, "type");
    if (type === undefined) {
      throw confError(element, "XML_ERROR", "passthrough mode requires a character device type attribute");
    }
    const known = word(
      element,
      type,
      CHARDEV_TYPES,
      (value) => `unknown type presented to host for character device: ${value}`,
    );
    return { kind: "smartcard", mode, source: parseChardevSource(element, known, context), ...info };
  }
  const [first, second, third, more] = childElements(element, "certificate").map(textOf);
  if (first === undefined || second === undefined || third === undefined || more !== undefined) {
    throw confError(element, "XML_ERROR", "host-certificates mode needs exactly three certificates");
  }
  const database = childText(element, "database");
  if (database !== undefined && !database.startsWith("/")) {
    throw confError(element, "XML_ERROR", `expecting absolute path: ${database}`);
  }
  return { kind: "smartcard", mode, certificates: [first, second, third], database, ...info };
}

export function parseShmem(element: XmlElement, context: ParseContext): Shmem {
  allowChildren(element, SHMEM);
  const name = attribute(element, "name");
  if (name === undefined) throw confError(element, "XML_ERROR", "shmem element must contain 'name' attribute");
  const model = child(element, "model");
  const server = child(element, "server");
  const msi = child(element, "msi");
  if (msi !== undefined && server === undefined) {
    throw confError(msi, "XML_ERROR", "msi option is only supported with a server");
  }
  const type = model && enumAttribute(model, "type", ["ivshmem", "ivshmem-plain", "ivshmem-doorbell"]);
  const path = server && attribute(server, "path");
  return {
    kind: "shmem",
    name,
    role: type === undefined || type === "ivshmem" ? undefined : enumAttribute(element, "role", ["master", "peer"]),
    model: type,
    size: scaledChild(element, "size", 1, "./size[1]") || undefined,
    server: server && { path: path === undefined ? undefined : sanitizePath(path) },
    msi: msi && {
      vectors: integerAttribute(msi, "vectors", { base: 0 }) || undefined,
      ioeventfd: onOffAttribute(msi, "ioeventfd"),
    },
    ...parseDeviceInfo(element, context),
  };
}

export function parseIommu(element: XmlElement, context: ParseContext): Iommu {
  allowChildren(element, IOMMU);
  const driver = child(element, "driver");
  const options = driver && {
    intremap: onOffAttribute(driver, "intremap"),
    cachingMode: onOffAttribute(driver, "caching_mode"),
    eim: onOffAttribute(driver, "eim"),
    iotlb: onOffAttribute(driver, "iotlb"),
    awBits: integerAttribute(driver, "aw_bits") || undefined,
  };
  return {
    kind: "iommu",
    model: requiredEnum(element, "model", ["intel", "smmuv3", "virtio"]),
    driver: options !== undefined && anySet(options) ? options : undefined,
    ...parseDeviceInfo(element, context),
  };
}

export function parseNvram(element: XmlElement, context: ParseContext): Nvram {
  return { kind: "nvram", ...parseDeviceInfo(element, context) };
}

export function parseLease(element: XmlElement): Lease {
  const key = childText(element, "key");
  if (key === undefined) throw confError(element, "XML_ERROR", "Missing 'key' element for lease");
  const target = child(element, "target");
  if (target === undefined) throw confError(element, "XML_ERROR", "Missing 'target' element for lease");
  const path = attribute(target, "path");
  if (path === undefined)
    throw confError(target, "XML_ERROR", "Missing 'path' attribute to 'target' element for lease");
  return {
    kind: "lease",
    lockspace: childText(element, "lockspace"),
    key,
    target: { path, offset: longAttribute(target, "offset") ?? 0 },
  };
}
