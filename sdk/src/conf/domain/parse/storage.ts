import {
  attribute,
  child,
  childAttribute,
  childElements,
  integerAttribute,
  parseInteger,
  requiredEnum,
  scaledChild,
  textOf,
  type XmlElement,
  yesNoAttribute,
} from "../../../xml/index.js";
import { FILE_FORMATS } from "../../common/index.js";
import type {
  BackingStore,
  NetworkSource,
  SourceCommon,
  StorageFormat,
  StorageHost,
  StorageSource,
} from "../model/index.js";
import { parseReconnect } from "./chardev.js";
import { confError, type ParseContext, wordAttribute } from "./context.js";
import { parsePciAddress } from "./device-info.js";
import { parseDeviceSeclabels } from "./seclabel.js";
import { parseAuth, parseEncryption } from "./storage-secrets.js";

export const STORAGE_TYPES = ["file", "block", "dir", "network", "volume", "nvme", "vhostuser"] as const;

const PROTOCOLS = [
  "nbd",
  "rbd",
  "sheepdog",
  "gluster",
  "iscsi",
  "http",
  "https",
  "ftp",
  "ftps",
  "tftp",
  "ssh",
  "vxhs",
  "nfs",
] as const;

/** Ports that a host without one gets. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  https: 443,
  ftp: 21,
  ftps: 990,
  tftp: 69,
  ssh: 22,
  sheepdog: 7000,
  nbd: 10809,
  iscsi: 3260,
  gluster: 24007,
  vxhs: 9999,
};

/** A `<source>` of the given type. */
export function parseStorageSource(
  element: XmlElement,
  type: (typeof STORAGE_TYPES)[number],
  context: ParseContext,
): StorageSource {
  const common = parseCommon(element, context);
  const nonempty = (name: string): string | undefined => attribute(element, name) || undefined;
  switch (type) {
    case "file":
      return { type, path: nonempty("file"), fdgroup: attribute(element, "fdgroup"), ...common };
    case "block":
      return { type, path: nonempty("dev"), ...common };
    case "dir":
      return { type, path: nonempty("dir"), ...common };
    case "network":
      return { ...parseNetwork(element), ...common };
    case "volume":
      return parseVolume(element, common);
    case "nvme":
      return parseNvme(element, common);
    case "vhostuser":
      return parseVhostUser(element, common);
  }
}

function parseCommon(element: XmlElement, context: ParseContext): SourceCommon {
  if (element.children.length === 0) return {};
  const auth = child(element, "auth");
  const encryption = child(element, "encryption");
  const reservations = child(element, "reservations");
  const slices = child(element, "slices");
  return {
    seclabels: parseDeviceSeclabels(element, context),
    auth: auth === undefined ? undefined : parseAuth(auth),
    encryption: encryption === undefined ? undefined : parseEncryption(encryption),
    reservations: reservations === undefined ? undefined : parseReservations(reservations),
    slices: slices === undefined ? undefined : parseSlices(slices),
  };
}

function parseReservations(element: XmlElement): NonNullable<SourceCommon["reservations"]> {
  const managed = requiredEnum(element, "managed", ["yes", "no"]);
  const source = child(element, "source");
  const written = (name: string): string | undefined => (source && attribute(source, name)) || undefined;
  const [type, path, mode] = [written("type"), written("path"), written("mode")];
  if (managed === "yes" && (type ?? path ?? mode) === undefined) return { managed };
  const refuse = (detail: string, hint: string): never => {
    throw confError(source ?? element, "XML_ERROR", detail, hint);
  };
  if (type === undefined) refuse("missing connection type for <reservations/>", "Add type='unix'.");
  if (path === undefined) refuse("missing path for <reservations/>", "Add path='...'.");
  if (mode === undefined) refuse("missing connection mode for <reservations/>", "Add mode='client'.");
  if (type !== "unix") refuse(`unsupported connection type for <reservations/>: ${type}`, "Use type='unix'.");
  if (mode !== "client") refuse(`unsupported connection mode for <reservations/>: ${mode}`, "Use mode='client'.");
  return { managed, path, mode };
}

function parseSlices(element: XmlElement): SourceCommon["slices"] {
  const slice = childElements(element, "slice").find((each) => attribute(each, "type") === "storage");
  if (slice === undefined) return undefined;
  const number = (name: "offset" | "size"): number => {
    const text = attribute(slice, name);
    if (text === undefined) throw confError(slice, "XML_ERROR", "missing offset or size attribute of slice");
    const value = parseInteger(text);
    if (value === undefined)
      throw confError(slice, "XML_ERROR", `malformed value '${text}' of '${name}' attribute of slice`);
    return value;
  };
  return [{ type: "storage", offset: number("offset"), size: number("size") }];
}

function parseNetwork(element: XmlElement): NetworkSource {
  const protocol = requiredEnum(element, "protocol", PROTOCOLS);
  const name = attribute(element, "name");
  if (name === undefined && protocol !== "nbd") throw confError(element, "XML_ERROR", "missing name for disk source");
  if (name !== undefined && (protocol === "gluster" || protocol === "rbd") && name.indexOf("/") <= 0) {
    throw confError(element, "XML_ERROR", `can't split path '${name}' into pool name and image name`);
  }
  const web = protocol === "http" || protocol === "https";
  const ssl = child(element, "ssl");
  const cookies = web ? child(element, "cookies") : undefined;
  const identity = protocol === "nfs" ? child(element, "identity") : undefined;
  const transfer = web || protocol === "ftp" || protocol === "ftps";
  return {
    type: "network",
    protocol,
    name: name === "" ? undefined : name,
    query: web ? attribute(element, "query") : undefined,
    tls: yesNoAttribute(element, "tls"),
    tlsHostname: attribute(element, "tlsHostname"),
    hosts: parseStorageHosts(element, DEFAULT_PORTS[protocol]),
    snapshot: childAttribute(element, "snapshot", "name"),
    config: childAttribute(element, "config", "file"),
    initiatorIqn: parseInitiator(element),
    sslVerify:
      ssl !== undefined && (protocol === "https" || protocol === "ftps") ? yesNoAttribute(ssl, "verify") : undefined,
    cookies: cookies && parseCookies(cookies),
    readahead: transfer ? transferNumber(element, "readahead", "size") : undefined,
    timeout: transfer ? transferNumber(element, "timeout", "seconds") : undefined,
    identity:
      identity === undefined ? undefined : { user: attribute(identity, "user"), group: attribute(identity, "group") },
  };
}

export function parseInitiator(element: XmlElement): string | undefined {
  const initiator = child(element, "initiator");
  return initiator === undefined ? undefined : childAttribute(initiator, "iqn", "name");
}

function parseCookies(element: XmlElement): readonly { name: string; value: string }[] {
  const names = new Set<string>();
  return childElements(element, "cookie").map((each) => {
    const cookie = parseCookie(each);
    if (names.has(cookie.name)) throw confError(each, "XML_ERROR", `duplicate cookie '${cookie.name}'`);
    names.add(cookie.name);
    return cookie;
  });
}

function parseCookie(element: XmlElement): { name: string; value: string } {
  const name = attribute(element, "name");
  if (!name) throw confError(element, "XML_ERROR", "missing cookie name");
  const value = textOf(element);
  if (value === "") throw confError(element, "XML_ERROR", `missing value for cookie '${name}'`);
  if (/[\0-\x20",;\\]/.test(name)) throw confError(element, "XML_ERROR", "cookie name contains invalid characters");
  return { name, value };
}

function transferNumber(element: XmlElement, name: string, attributeName: string): number | undefined {
  const text = childAttribute(element, name, attributeName);
  if (text === undefined) return undefined;
  const value = parseInteger(text);
  if (value === undefined) throw confError(element, "XML_ERROR", "invalid readahead size or timeout");
  return value || undefined;
}

export function parseStorageHosts(element: XmlElement, defaultPort?: number): readonly StorageHost[] {
  return childElements(element, "host").map((host) => parseStorageHost(host, defaultPort));
}

const PORT_MAX = 65535;

export function parseStorageHost(element: XmlElement, defaultPort?: number): StorageHost {
  const transport =
    wordAttribute(
      element,
      "transport",
      ["tcp", "unix", "rdma"],
      (value) => `unknown protocol transport type '${value}'`,
    ) ?? "tcp";
  const socket = attribute(element, "socket");
  if (transport === "unix") {
    if (socket === undefined) throw confError(element, "XML_ERROR", "missing socket for unix transport");
    return { transport, socket };
  }
  if (socket !== undefined) {
    const written = attribute(element, "transport") ?? "(null)";
    throw confError(element, "XML_ERROR", `transport '${written}' does not support socket attribute`);
  }
  const name = attribute(element, "name");
  if (name === undefined) throw confError(element, "XML_ERROR", "missing name for host");
  const text = attribute(element, "port");
  const port = text === undefined ? undefined : parseInteger(text, { max: 0xffffffff });
  if (text !== undefined && (port === undefined || port > PORT_MAX)) {
    const words = port === undefined ? `failed to parse port number '${text}'` : `port '${text}' out of range`;
    throw confError(element, "INVALID_ARG", words, `Write a number up to ${PORT_MAX}.`);
  }
  return { transport, name, port: port || (transport === "tcp" ? defaultPort : port) };
}

function parseVolume(element: XmlElement, common: SourceCommon): StorageSource {
  const pool = attribute(element, "pool");
  const volume = attribute(element, "volume");
  if (pool === undefined && volume === undefined) return { type: "file", ...common };
  if (pool === undefined || volume === undefined) {
    throw confError(element, "XML_ERROR", "'pool' and 'volume' must be specified together for 'pool' type source");
  }
  const complain = (value: string): string => `unknown source mode '${value}' for volume type disk`;
  return {
    type: "volume",
    pool,
    volume,
    mode: wordAttribute(element, "mode", ["host", "direct"], complain),
    ...common,
  };
}

function parseNvme(element: XmlElement, common: SourceCommon): StorageSource {
  const type = attribute(element, "type");
  if (type === undefined) throw confError(element, "XML_ERROR", "missing 'type' attribute to disk source");
  if (type !== "pci") throw confError(element, "XML_ERROR", `unsupported source type '${type}'`);
  const text = attribute(element, "namespace");
  if (text === undefined) throw confError(element, "XML_ERROR", "missing 'namespace' attribute to disk source");
  const namespace = parseInteger(text);
  if (namespace === undefined) throw confError(element, "XML_ERROR", `malformed namespace '${text}'`);
  const address = child(element, "address");
  if (address === undefined) throw confError(element, "XML_ERROR", "NVMe disk source is missing address");
  return {
    type: "nvme",
    namespace,
    managed: yesNoAttribute(element, "managed"),
    pci: parsePciAddress(address),
    ...common,
  };
}

function parseVhostUser(element: XmlElement, common: SourceCommon): StorageSource {
  const type = attribute(element, "type");
  if (type === undefined) throw confError(element, "XML_ERROR", "missing 'type' attribute for vhostuser disk source");
  if (type !== "unix") throw confError(element, "XML_ERROR", "invalid 'type' attribute for vhostuser disk source");
  const path = attribute(element, "path");
  if (path === undefined) throw confError(element, "XML_ERROR", "missing 'path' attribute for vhostuser disk source");
  return { type: "vhostuser", path, reconnect: parseReconnect(element), ...common };
}

/** `<backingStore>` below `element`, undefined when there is none. */
export function parseBackingStore(element: XmlElement, context: ParseContext): BackingStore | undefined {
  const store = child(element, "backingStore");
  if (store === undefined) return undefined;
  const written = attribute(store, "type");
  if (written === undefined) return { kind: "end" };
  const format = child(store, "format");
  const formatName = format === undefined ? undefined : attribute(format, "type");
  if (format === undefined || formatName === undefined) {
    throw confError(store, "XML_ERROR", "missing disk backing store format", "Add <format type='...'/>.");
  }
  const source = child(store, "source");
  if (source === undefined)
    throw confError(store, "XML_ERROR", "missing disk backing store source", "Add <source .../>.");
  const type = storageType(store, written);
  return {
    kind: "image",
    format: storageFormat(format, formatName),
    source: {
      index: context.inactive ? undefined : integerAttribute(store, "index"),
      metadataCacheMaxSize: metadataCache(format),
      ...parseStorageSource(source, type, context),
    },
    backingStore: parseBackingStore(store, context),
  };
}

export function storageType(element: XmlElement, written: string): (typeof STORAGE_TYPES)[number] {
  const known = STORAGE_TYPES.find((each) => each === written);
  if (known === undefined) throw confError(element, "XML_ERROR", `unknown storage source type '${written}'`);
  return known;
}

export function storageFormat(element: XmlElement, written: string): StorageFormat {
  const known = FILE_FORMATS.find((each) => each === written);
  if (known === undefined) throw confError(element, "XML_ERROR", `unknown storage source format '${written}'`);
  return known;
}

/** `<metadata_cache><max_size>` in bytes. */
export function metadataCache(
  element: XmlElement,
  path = `./${element.name}/metadata_cache/max_size`,
): number | undefined {
  const cache = child(element, "metadata_cache");
  return cache === undefined ? undefined : scaledChild(cache, "max_size", 1, path);
}
