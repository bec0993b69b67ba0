import { randomUUID } from "node:crypto";
import type { VirtError } from "@polyvisor/core";
import {
  child,
  childElements,
  requiredEnum,
  unknownElement,
  type XmlElement,
  yesNoAttribute,
} from "../../xml/index.js";
import {
  attributeAt,
  type DocumentKind,
  errorsOf,
  expectRoot,
  firstAt,
  located,
  oneWord,
  parseDocument,
  textAt,
  uuidText,
} from "../document.js";
import { sanitizePath } from "../domain/parse/context.js";
import type { StoragePool, StoragePoolTarget } from "./model.js";
import { isOptionList, parseConfigOptions, parseMountOptions } from "./options.js";
import { parsePermissions } from "./permissions.js";
import { NO_SOURCE, parseSource, type WrittenPoolSource } from "./source.js";
import {
  DISK_LABEL_FORMATS,
  FILESYSTEM_FORMATS,
  LOGICAL_FORMATS,
  NETWORK_FILESYSTEM_FORMATS,
  POOL_FORMATS,
  STORAGE_POOL_TYPES,
  type StoragePoolType,
} from "./types.js";
import { validateStoragePool } from "./validate.js";

export interface StoragePoolParseOptions {
  /** Makes up a UUID where none is given. */
  readonly newUuid?: () => string;
}

const storageError = errorsOf("STORAGE");
const DOCUMENT: DocumentKind = {
  root: "pool",
  documentName: "(storage_pool_definition)",
  errorDomain: "STORAGE",
};
const SOURCE_DOCUMENT: DocumentKind = {
  root: "source",
  documentName: "(storage_source_specification)",
  errorDomain: "STORAGE",
};
/** Types whose storage has a name of its own, which can stand in for the pool's and the other way round. */
const NAMED: ReadonlySet<StoragePoolType> = new Set(["logical", "rbd", "sheepdog", "gluster", "zfs", "vstorage"]);
const CHILDREN: ReadonlySet<string> = new Set(
  "allocation available capacity features name refresh source target uuid".split(" "),
);

/** A storage pool from its XML, complete and checked. Throws `VirtError` in libvirt's words, with the place. */
export function parseStoragePool(xml: string, options: StoragePoolParseOptions = {}): StoragePool {
  return readStoragePool(parseDocument(xml, DOCUMENT), options);
}

/** The same from an element, such as the one inside a status file. */
export function readStoragePool(root: XmlElement, options: StoragePoolParseOptions = {}): StoragePool {
  const type = requiredEnum(expectRoot(root, DOCUMENT), "type", STORAGE_POOL_TYPES);
  for (const each of childElements(root)) {
    if (!CHILDREN.has(each.name) && !isOptionList(each, type)) throw unknownElement(each, "pool", CHILDREN);
  }
  const element = child(root, "source");
  const source = element === undefined ? NO_SOURCE : parseSource(element, type);
  const name = parseName(root, type, source);
  const uuid = parseUuidOf(root, options.newUuid ?? randomUUID);
  checkCow(root, type);
  const pool = assemble(root, type, source, { name, uuid, refresh: parseRefresh(root) });
  located(root, () => validateStoragePool(pool));
  return pool;
}

/** A `<source>` alone: what a search for pools of a type is told to look at. */
export function parseStoragePoolSource(xml: string, type: StoragePoolType): WrittenPoolSource {
  return parseSource(parseDocument(xml, SOURCE_DOCUMENT), type);
}

/** The pool of one type out of what is written. */
function assemble(
  root: XmlElement,
  type: StoragePoolType,
  written: WrittenPoolSource,
  base: Pick<StoragePool, "name" | "uuid" | "refresh">,
): StoragePool {
  const { auth, protocolVersion, vendor, product, hosts, devices, initiatorIqn } = written;
  const info = { auth, protocolVersion, vendor, product };
  const name = written.name ?? base.name;
  const target = (): StoragePoolTarget => parseTarget(root);
  switch (type) {
    case "dir":
      return { type, ...base, cow: parseCow(root), source: info, target: target() };
    case "fs": {
      const source = { ...info, devices, format: formatIn(FILESYSTEM_FORMATS, written) ?? POOL_FORMATS.fs.fallback };
      return { type, ...base, cow: parseCow(root), source, target: target(), mountOptions: parseMountOptions(root) };
    }
    case "netfs": {
      const format = formatIn(NETWORK_FILESYSTEM_FORMATS, written) ?? POOL_FORMATS.netfs.fallback;
      const source = { ...info, hosts, dir: written.dir ?? missingDir(root), format };
      return { type, ...base, source, target: target(), mountOptions: parseMountOptions(root) };
    }
    case "logical": {
      const format = formatIn(LOGICAL_FORMATS, written) ?? POOL_FORMATS.logical.fallback;
      return { type, ...base, source: { ...info, devices, name, format }, target: targetAt(root, `/dev/${name}`) };
    }
    case "disk": {
      const format = formatIn(DISK_LABEL_FORMATS, written) ?? POOL_FORMATS.disk.fallback;
      return { type, ...base, source: { ...info, devices, format }, target: target() };
    }
    case "iscsi":
      return { type, ...base, source: { ...info, hosts, devices, initiatorIqn }, target: target() };
    case "iscsi-direct":
      return { type, ...base, source: { ...info, hosts, devices, initiatorIqn: initiatorIqn ?? missingIqn(root) } };
    case "scsi":
      return { type, ...base, source: { ...info, adapter: written.adapter ?? missingAdapter(root) }, target: target() };
    case "mpath":
      return { type, ...base, source: info, target: target() };
    case "rbd":
      return { type, ...base, source: { ...info, hosts, name }, configOptions: parseConfigOptions(root) };
    case "sheepdog":
      return { type, ...base, source: { ...info, hosts, name } };
    case "gluster":
      return { type, ...base, source: { ...info, hosts, name, dir: written.dir ?? "/" } };
    case "zfs":
      return { type, ...base, source: { ...info, devices, name }, target: targetAt(root, `/dev/zvol/${name}`) };
    case "vstorage":
      return { type, ...base, source: { ...info, name }, target: target() };
  }
}

function xmlError(root: XmlElement, path: readonly string[], detail: string, hint: string): VirtError {
  return storageError(firstAt(root, ...path) ?? root, "XML_ERROR", detail, hint);
}

function parseName(root: XmlElement, type: StoragePoolType, source: WrittenPoolSource): string {
  const name = textAt(root, "name") ?? (NAMED.has(type) ? source.name : undefined);
  if (name === undefined) throw xmlError(root, [], "missing pool source name element", "Add a <name>.");
  return name;
}

function parseUuidOf(root: XmlElement, newUuid: () => string): string {
  const uuid = textAt(root, "uuid");
  if (uuid === undefined) return newUuid();
  return uuidText(uuid, (hint) => xmlError(root, ["uuid"], "malformed uuid element", hint));
}

function parseCow(root: XmlElement): "yes" | "no" | undefined {
  const cow = firstAt(root, "features", "cow");
  return cow === undefined ? undefined : yesNoAttribute(cow, "state");
}

function checkCow(root: XmlElement, type: StoragePoolType): void {
  if (type === "fs" || type === "dir" || parseCow(root) === undefined) return;
  const at = firstAt(root, "features", "cow") ?? root;
  throw storageError(at, "NO_SUPPORT", "cow feature may only be used for 'fs' and 'dir' pools", "Leave <cow> out.");
}

/** The format as one of the type's words; that it is one was seen when the source was read. */
function formatIn<const T extends string>(words: readonly T[], source: WrittenPoolSource): T | undefined {
  return words.find((word) => word === source.format);
}

function missingDir(root: XmlElement): never {
  throw xmlError(root, ["source"], "missing storage pool source path", "Add <dir path='...'/> to <source>.");
}

function missingAdapter(root: XmlElement): never {
  throw xmlError(root, ["source"], "missing storage pool source adapter", "Add an <adapter> to <source>.");
}

function missingIqn(root: XmlElement): never {
  const hint = "Add <initiator><iqn name='...'/></initiator> to <source>.";
  throw storageError(firstAt(root, "source") ?? root, "CONFIG_UNSUPPORTED", "missing initiator IQN", hint);
}

function parseTarget(root: XmlElement): StoragePoolTarget {
  const path = textAt(root, "target", "path");
  if (path !== undefined) return targetAt(root, path);
  throw xmlError(root, ["target"], "missing storage pool target path", "Add a <path> to <target>.");
}

function targetAt(root: XmlElement, path: string): StoragePoolTarget {
  return { path: sanitizePath(path), permissions: parsePermissions(firstAt(root, "target", "permissions")) };
}

function parseRefresh(root: XmlElement): StoragePool["refresh"] {
  const written = attributeAt(root, ["refresh", "volume"], "allocation");
  if (written === undefined) return undefined;
  const volumeAllocation = oneWord(written, ["default", "capacity"], (hint) => {
    const detail = `unknown storage pool volume refresh allocation type ${written}`;
    return storageError(firstAt(root, "refresh", "volume") ?? root, "CONFIG_UNSUPPORTED", detail, hint);
  });
  return { volumeAllocation };
}
