import { DOCUMENT_KINDS } from "../../schema/kinds.js";
import {
  allowChildren,
  attribute,
  child,
  childElements,
  parseInteger,
  scaledElement,
  type XmlElement,
} from "../../xml/index.js";
import { parseByteSize } from "../byte-size.js";
import { attributeAt, errorsOf, expectRoot, firstAt, oneWord, parseDocument, readable, textAt } from "../document.js";
import { parseEncryption } from "../domain/parse/storage-secrets.js";
import { parsePermissions } from "../storage-pool/permissions.js";
import type { StoragePoolType } from "../storage-pool/types.js";
import { formatStorageVolume } from "./format.js";
import { type StorageVolumeFormat, volumeFormatsOf } from "./formats.js";
import {
  STORAGE_VOLUME_FEATURES,
  STORAGE_VOLUME_TYPES,
  type StorageVolume,
  type StorageVolumeBacking,
  type StorageVolumeTarget,
  type StorageVolumeType,
} from "./model.js";

export interface StorageVolumeParseOptions {
  /**
   * Whether a volume must say its capacity: always (when left out), unless it has a backing store, or never, as when it
   * is a copy of another volume.
   */
  readonly capacity?: "required" | "optional-with-backing" | "optional";
}

const storageError = errorsOf("STORAGE");
const DOCUMENT = DOCUMENT_KINDS.storageVolume;
const names = (list: string): ReadonlySet<string> => new Set(list.split(" "));
const CHILDREN = names("allocation backingStore capacity key name physical source target");
const TARGET = names("clusterSize compat encryption features format nocow path permissions timestamps");
const BACKING = names("format path permissions timestamps");

/** A volume of a pool of the given type. Throws `VirtError` in libvirt's words, with the place. */
export function parseStorageVolume(
  xml: string,
  pool: { readonly type: StoragePoolType },
  options: StorageVolumeParseOptions = {},
): StorageVolume {
  return readStorageVolume(parseDocument(xml, DOCUMENT), pool, options);
}

/** The same from an element, such as one that a schema has been asked about. */
export function readStorageVolume(
  root: XmlElement,
  pool: { readonly type: StoragePoolType },
  options: StorageVolumeParseOptions = {},
): StorageVolume {
  allowChildren(expectRoot(root, DOCUMENT), CHILDREN);
  const name = textAt(root, "name");
  if (name === undefined) throw storageError(root, "XML_ERROR", "missing volume name element", "Add a <name>.");
  const type = parseType(root);
  const backingStore = parseBacking(root, pool.type);
  const capacity = parseSize(root, "capacity");
  const optional =
    options.capacity === "optional-with-backing" ? backingStore !== undefined : options.capacity === "optional";
  if (capacity === undefined && !optional) {
    throw storageError(root, "XML_ERROR", "missing capacity element", "Add a <capacity>.");
  }
  const volume = {
    type,
    name,
    key: textAt(root, "key"),
    capacity: capacity ?? 0,
    allocation: parseSize(root, "allocation"),
    target: parseTarget(root, pool.type),
    backingStore,
  };
  return readable(root, DOCUMENT.errorDomain, volume, formatStorageVolume);
}

function parseType(root: XmlElement): StorageVolumeType {
  const type = attribute(root, "type") || "file";
  return oneWord(type, STORAGE_VOLUME_TYPES, (hint) =>
    storageError(root, "CONFIG_UNSUPPORTED", `unknown volume type '${type}'`, hint),
  );
}

/** libvirt says "capacity" of both sizes. */
function parseSize(root: XmlElement, name: "capacity" | "allocation"): number | undefined {
  if (textAt(root, name) === undefined) return undefined;
  return parseByteSize(child(root, name) ?? root, "malformed capacity element", "STORAGE");
}

function parseBacking(root: XmlElement, pool: StoragePoolType): StorageVolumeBacking | undefined {
  for (const each of childElements(root, "backingStore")) allowChildren(each, BACKING);
  const path = textAt(root, "backingStore", "path");
  if (path === undefined) return undefined;
  return {
    path,
    format: parseFormat(root, "backingStore", pool),
    permissions: parsePermissions(firstAt(root, "backingStore", "permissions")),
  };
}

function parseFormat(
  root: XmlElement,
  part: "target" | "backingStore",
  pool: StoragePoolType,
): StorageVolumeFormat | undefined {
  const formats = volumeFormatsOf(pool);
  if (formats === undefined) return undefined;
  const written = attributeAt(root, [part, "format"], "type");
  if (written === undefined) return formats.fallback;
  return oneWord(written, formats.words, (hint) => {
    const at = firstAt(root, part, "format") ?? root;
    return storageError(at, "CONFIG_UNSUPPORTED", `unknown volume format type ${written}`, hint);
  });
}

function parseTarget(root: XmlElement, pool: StoragePoolType): StorageVolumeTarget {
  for (const each of childElements(root, "target")) allowChildren(each, TARGET);
  const encryption = firstAt(root, "target", "encryption");
  const clusterSize = firstAt(root, "target", "clusterSize");
  const features = parseFeatures(root);
  const compat = parseCompat(root);
  return {
    path: textAt(root, "target", "path"),
    format: parseFormat(root, "target", pool),
    permissions: parsePermissions(firstAt(root, "target", "permissions")),
    encryption: encryption === undefined ? undefined : parseEncryption(encryption),
    // features came with this version of the format
    compat: compat ?? (features === undefined ? undefined : "1.1"),
    nocow: firstAt(root, "target", "nocow") === undefined ? undefined : true,
    clusterSize: (clusterSize && scaledElement(clusterSize, 1, "./target/clusterSize")) || undefined,
    features,
  };
}

function parseCompat(root: XmlElement): string | undefined {
  const compat = textAt(root, "target", "compat");
  if (compat === undefined) return undefined;
  const dot = compat.indexOf(".");
  const parts = dot < 0 ? [] : [compat.slice(0, dot), compat.slice(dot + 1)];
  if (parts.length === 0 || parts.some((part) => parseInteger(part, { max: 4294967295 }) === undefined)) {
    const at = firstAt(root, "target", "compat") ?? root;
    const detail = "forbidden characters in 'compat' attribute";
    throw storageError(at, "XML_ERROR", detail, "Write a version of two numbers, such as 1.1.");
  }
  return compat;
}

function parseFeatures(root: XmlElement): StorageVolumeTarget["features"] {
  if (firstAt(root, "target", "features") === undefined) return undefined;
  const written = childElements(root, "target")
    .flatMap((target) => childElements(target, "features"))
    .flatMap((features) => childElements(features))
    .map((each) =>
      oneWord(each.name, STORAGE_VOLUME_FEATURES, (hint) =>
        storageError(each, "CONFIG_UNSUPPORTED", `unsupported feature ${each.name}`, hint),
      ),
    );
  return STORAGE_VOLUME_FEATURES.filter((feature) => written.includes(feature));
}
