import { randomUUID } from "node:crypto";
import { DOCUMENT_KINDS } from "../../schema/kinds.js";
import { child, childElements, requiredEnum, unknownElement, type XmlElement } from "../../xml/index.js";
import {
  attributeAt,
  type DocumentKind,
  errorsOf,
  expectRoot,
  firstAt,
  located,
  oneWord,
  ownUuid,
  parseDocument,
  readable,
  textAt,
} from "../document.js";
import { assemble, parseCow, xmlError } from "./assemble.js";
import { formatStoragePool } from "./format.js";
import type { StoragePool } from "./model.js";
import { isOptionList } from "./options.js";
import { NO_SOURCE, parseSource, type WrittenPoolSource } from "./source.js";
import { STORAGE_POOL_TYPES, type StoragePoolType } from "./types.js";
import { validatePoolName } from "./validate.js";

export interface StoragePoolParseOptions {
  /** Makes up a UUID where none is given. */
  readonly newUuid?: () => string;
}

const storageError = errorsOf("STORAGE");
const DOCUMENT = DOCUMENT_KINDS.storagePool;
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
  const uuid = ownUuid(root, options.newUuid ?? randomUUID, (_at, detail, hint) =>
    xmlError(root, ["uuid"], detail, hint),
  );
  checkCow(root, type);
  const pool = assemble(root, type, source, { name, uuid, refresh: parseRefresh(root) });
  return readable(root, DOCUMENT.errorDomain, pool, formatStoragePool);
}

/** A `<source>` alone: what a search for pools of a type is told to look at. */
export function parseStoragePoolSource(xml: string, type: StoragePoolType): WrittenPoolSource {
  return parseSource(parseDocument(xml, SOURCE_DOCUMENT), type);
}

function parseName(root: XmlElement, type: StoragePoolType, source: WrittenPoolSource): string {
  const name = textAt(root, "name") ?? (NAMED.has(type) ? source.name : undefined);
  if (name === undefined) throw xmlError(root, [], "missing pool source name element", "Add a <name>.");
  located(firstAt(root, "name") ?? root, () => validatePoolName(name));
  return name;
}

function checkCow(root: XmlElement, type: StoragePoolType): void {
  if (type === "fs" || type === "dir" || parseCow(root) === undefined) return;
  const at = firstAt(root, "features", "cow") ?? root;
  throw storageError(at, "NO_SUPPORT", "cow feature may only be used for 'fs' and 'dir' pools", "Leave <cow> out.");
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
