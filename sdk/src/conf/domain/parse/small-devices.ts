import {
  allowChildren,
  attribute,
  child,
  childAttribute,
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
  Hub,
  Iommu,
  Lease,
  Memballoon,
  Nvram,
  Panic,
  Redirdev,
  RedirFilter,
  Rng,
  RngBackend,
  Shmem,
  Smartcard,
  Tpm,
  TpmBackend,
  Vsock,
  Watchdog,
} from "../model/index.js";
import { CHARDEV_TYPES, parseChardevSource } from "./chardev.js";
import {
  anySet,
  confError,
  type ParseContext,
  parseVirtioOptions,
  sanitizePath,
  word,
  wordAttribute,
} from "./context.js";
import { parseDeviceInfo } from "./device-info.js";
import { VIRTIO_MODELS } from "./disk.js";

const set = (names: string): ReadonlySet<string> => new Set(`acpi address alias ${names}`.trim().split(" "));
const WATCHDOG = set("");
const MEMBALLOON = set("driver stats");
const RNG = set("backend driver rate");
const TPM = set("backend privateData");
const REDIRDEV = set("boot log protocol source");
const SMARTCARD = set("certificate database log protocol source");
const SHMEM = set("model msi server size");
const IOMMU = set("driver");
const VSOCK = set("cid driver");

export function parseWatchdog(element: XmlElement, context: ParseContext): Watchdog {
  allowChildren(element, WATCHDOG);
  const model = attribute(element, "model");
  if (model === undefined) throw confError(element, "INTERNAL_ERROR", "watchdog must contain model name");
  const actions = ["reset", "shutdown", "poweroff", "pause", "dump", "none", "inject-nmi"] as const;
  return {
    kind: "watchdog",
    model: word(element, model, ["i6300esb", "ib700", "diag288"], (value) => `unknown watchdog model '${value}'`),
    action: wordAttribute(element, "action", actions, (value) => `unknown watchdog action '${value}'`) ?? "reset",
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
    const value = parseInteger(text);
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
  const models = ["isa", "pseries", "hyperv", "s390"] as const;
  return { kind: "panic", model: enumOrDefault(element, "model", models), ...parseDeviceInfo(element, context) };
}

export function parseHub(element: XmlElement, context: ParseContext): Hub {
  allowChildren(element, WATCHDOG);
  const type = attribute(element, "type");
  if (type === undefined) throw confError(element, "INTERNAL_ERROR", "missing hub device type", "Add type='usb'.");
  return {
    kind: "hub",
    type: word(element, type, ["usb"], (value) => `unknown hub device type '${value}'`),
    ...parseDeviceInfo(element, context),
  };
}

export function parseRedirdev(element: XmlElement, context: ParseContext): Redirdev {
  allowChildren(element, REDIRDEV);
  const bus = wordAttribute(element, "bus", ["usb"], (value) => `unknown redirdev bus '${value}'`) ?? "usb";
  const type = attribute(element, "type");
  if (type === undefined)
    throw confError(element, "INTERNAL_ERROR", "missing type in redirdev", "Add type='spicevmc'.");
  const unknown = (value: string): string => `unknown redirdev character device type '${value}'`;
  const source = parseChardevSource(element, word(element, type, CHARDEV_TYPES, unknown), context);
  return { kind: "redirdev", bus, source, ...parseDeviceInfo(element, context, { boot: true }) };
}

export function parseRedirFilter(element: XmlElement): RedirFilter {
  return {
    devices: childElements(element, "usbdev").map((device) => {
      const id = (name: string, limit: number): number | undefined => {
        const text = attribute(device, name);
        if (text === undefined || text === "-1") return undefined;
        const value = parseInteger(text, { base: 0 });
        if (value === undefined) throw confError(device, "INTERNAL_ERROR", `Cannot parse USB ${name} code '${text}'`);
        if (value > limit)
          throw confError(device, "INTERNAL_ERROR", `Invalid USB ${name} code 0x${value.toString(16)}`);
        return value;
      };
      const allow = attribute(device, "allow");
      if (allow !== "yes" && allow !== "no") {
        const words = allow === undefined ? "Missing USB device allow attribute" : `Invalid allow value '${allow}'`;
        throw confError(device, "XML_ERROR", words, "Add allow='yes' or allow='no'.");
      }
      return {
        class: id("class", 0xff),
        vendor: id("vendor", 0xffff),
        product: id("product", 0xffff),
        version: parseUsbVersion(device),
        allow,
      };
    }),
  };
}

function parseUsbVersion(element: XmlElement): number | undefined {
  const text = attribute(element, "version");
  if (text === undefined || text === "-1") return undefined;
  const match = /^(\d{1,2})\.(\d{1,2})$/.exec(text);
  if (match === null)
    throw confError(element, "INTERNAL_ERROR", `Cannot parse USB version '${text}'`, "Write it as 1.10.");
  const major = Number(match[1]);
  const minor = Number((match[2] ?? "").padEnd(2, (match[2] ?? "").length === 1 ? "0" : ""));
  const digits = [Math.floor(major / 10), major % 10, Math.floor(minor / 10), minor % 10];
  return digits.reduce((all, digit) => all * 16 + digit, 0);
}

const TPM_MODELS = ["tpm-tis", "tpm-crb", "tpm-spapr", "spapr-tpm-proxy"] as const;

export function parseTpm(element: XmlElement, context: ParseContext): Tpm {
  allowChildren(element, TPM);
  const [backend, second] = childElements(element, "backend");
  if (second !== undefined) throw confError(second, "XML_ERROR", "only one TPM backend is supported");
  if (backend === undefined)
    throw confError(element, "XML_ERROR", "missing TPM device backend", "Add <backend type='emulator'/>.");
  return {
    kind: "tpm",
    model: enumAttribute(element, "model", TPM_MODELS),
    backend: parseTpmBackend(backend, context),
    ...parseDeviceInfo(element, context),
  };
}

const BANKS = ["sha1", "sha256", "sha384", "sha512"] as const;

function parseTpmBackend(element: XmlElement, context: ParseContext): TpmBackend {
  const type = requiredEnum(element, "type", ["passthrough", "emulator", "external"]);
  if (type === "passthrough") return { type, device: childAttribute(element, "device", "path") ?? "/dev/tpm0" };
  if (type === "external") {
    const source = child(element, "source");
    if (source === undefined) throw confError(element, "XML_ERROR", "missing external TPM device source");
    const written = requiredEnum(source, "type", CHARDEV_TYPES);
    return { type, source: parseChardevSource(element, written, context) };
  }
  const banks = child(element, "active_pcr_banks");
  const persistent = attribute(element, "persistent_state");
  if (persistent !== undefined && persistent !== "yes" && persistent !== "no") {
    throw confError(element, "INTERNAL_ERROR", "Invalid persistent_state value, either 'yes' or 'no'");
  }
  const written = banks === undefined ? undefined : childElements(banks);
  return {
    type,
    version: enumAttribute(element, "version", ["1.2", "2.0"]),
    encryptionSecret: childAttribute(element, "encryption", "secret")?.toLowerCase(),
    persistentState: persistent === "yes" ? "yes" : undefined,
    activePcrBanks: written && BANKS.filter((bank) => written.some((each) => each.name === bank)),
  };
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
