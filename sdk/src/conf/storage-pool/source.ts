import {
  allowChildren,
  attribute,
  childElements,
  integerAttribute,
  type XmlElement,
  yesNoAttribute,
} from "../../xml/index.js";
import { attributeAt, errorsOf, firstAt, oneWord, textAt } from "../document.js";
import { sanitizePath } from "../domain/parse/context.js";
import { parseSecretReference } from "../domain/parse/storage-secrets.js";
import { parseAdapter } from "./adapter.js";
import type {
  StorageAdapter,
  StoragePoolAuth,
  StoragePoolDevice,
  StoragePoolHost,
  StoragePoolSourceInfo,
} from "./model.js";
import { NETWORK_FILESYSTEM_FORMATS, POOL_FORMATS, type StoragePoolType } from "./types.js";

const storageError = errorsOf("STORAGE");
const CHILDREN: ReadonlySet<string> = new Set(
  "adapter auth device dir format host initiator name product protocol vendor".split(" "),
);

/** A `<source>` as it is written, whatever the pool's type makes of it. */
export interface WrittenPoolSource extends StoragePoolSourceInfo {
  readonly name?: string | undefined;
  /** One of the type's formats. */
  readonly format?: string | undefined;
  readonly hosts: readonly StoragePoolHost[];
  readonly devices: readonly StoragePoolDevice[];
  readonly dir?: string | undefined;
  readonly adapter?: StorageAdapter | undefined;
  readonly initiatorIqn?: string | undefined;
}

export const NO_SOURCE: WrittenPoolSource = { hosts: [], devices: [] };

export function parseSource(element: XmlElement, type: StoragePoolType): WrittenPoolSource {
  allowChildren(element, CHILDREN);
  const name = textAt(element, "name");
  if (type === "rbd" && name === undefined) {
    throw storageError(element, "XML_ERROR", "element 'name' is mandatory for RBD pool", "Add the pool's <name>.");
  }
  const format = parseFormat(element, type);
  const hosts = childElements(element, "host").map(parseHost);
  const initiatorIqn = attributeAt(element, ["initiator", "iqn"], "name");
  const devices = childElements(element, "device").map(parseDevice);
  const dir = attributeAt(element, ["dir"], "path");
  const adapter = firstAt(element, "adapter");
  const auth = firstAt(element, "auth");
  return {
    name,
    format,
    hosts,
    initiatorIqn,
    devices,
    dir: dir === undefined ? undefined : sanitizePath(dir),
    adapter: adapter === undefined ? undefined : parseAdapter(adapter),
    auth: auth === undefined ? undefined : parseAuth(auth),
    protocolVersion: parseProtocol(element, type, format),
    vendor: attributeAt(element, ["vendor"], "name"),
    product: attributeAt(element, ["product"], "name"),
  };
}

function formatsOf(
  type: StoragePoolType,
): { readonly words: readonly string[]; readonly fallback: string } | undefined {
  const table: { readonly [T in StoragePoolType]?: (typeof POOL_FORMATS)[keyof typeof POOL_FORMATS] } = POOL_FORMATS;
  return table[type];
}

function parseFormat(element: XmlElement, type: StoragePoolType): string | undefined {
  const formats = formatsOf(type);
  const format = attributeAt(element, ["format"], "type");
  if (formats === undefined || format === undefined) return undefined;
  return oneWord(format, formats.words, (hint) => {
    const at = firstAt(element, "format") ?? element;
    return storageError(at, "CONFIG_UNSUPPORTED", `unknown pool format type ${format}`, hint);
  });
}

function parseHost(element: XmlElement): StoragePoolHost {
  const name = attribute(element, "name");
  if (name === undefined) throw storageError(element, "XML_ERROR", "missing storage pool host name", "Add name='...'.");
  return { name, port: integerAttribute(element, "port", { signed: true }) || undefined };
}

function parseDevice(element: XmlElement): StoragePoolDevice {
  const path = attribute(element, "path");
  if (path === undefined) {
    throw storageError(element, "XML_ERROR", "missing storage pool source device path", "Add path='...'.");
  }
  return { path, partSeparator: yesNoAttribute(element, "part_separator") };
}

function parseAuth(element: XmlElement): StoragePoolAuth {
  const username = attribute(element, "username") || undefined;
  if (username === undefined)
    throw storageError(element, "XML_ERROR", "missing username for auth", "Add username='...'.");
  const written = attribute(element, "type") || "none";
  const type = oneWord(written, ["none", "chap", "ceph"], (hint) =>
    storageError(element, "CONFIG_UNSUPPORTED", `unknown auth type '${written}'`, hint),
  );
  const secret = firstAt(element, "secret");
  if (secret === undefined)
    throw storageError(element, "XML_ERROR", "Missing <secret> element in auth", "Add a <secret>.");
  const reference = parseSecretReference(secret);
  if (type === "none") {
    const hint = "Add type='chap' or type='ceph'.";
    throw storageError(element, "CONFIG_UNSUPPORTED", "storage pool missing auth type", hint);
  }
  return { type, username, secretType: attribute(secret, "type"), secret: reference };
}

/**
 * The version of the NFS protocol.
 *
 * libvirt looks only at the number of the format, whatever the type: the first two formats of each may have a version.
 */
function parseProtocol(element: XmlElement, type: StoragePoolType, format: string | undefined): string | undefined {
  const version = attributeAt(element, ["protocol"], "ver");
  if (version === undefined) return undefined;
  const at = firstAt(element, "protocol") ?? element;
  const formats = formatsOf(type);
  const number = formats === undefined ? 0 : formats.words.indexOf(format ?? formats.fallback);
  if (number > 1) {
    const name = NETWORK_FILESYSTEM_FORMATS[number] ?? "(null)";
    const detail = `storage pool protocol ver unsupported for pool type '${name}'`;
    throw storageError(at, "CONFIG_UNSUPPORTED", detail, "Leave <protocol> out, or use the format nfs.");
  }
  if (version.includes(",")) {
    const detail = `storage pool protocol ver '${version}' must not contain ','`;
    throw storageError(at, "XML_DETAIL", detail, "Give one version.");
  }
  return version;
}
