import {
  allowChildren,
  attribute,
  child,
  childElements,
  childText,
  enumAttribute,
  parseInteger,
  withoutBlanks,
  type XmlElement,
} from "../../xml/index.js";
import { FILE_FORMATS } from "../common/index.js";
import { errorsOf, GROWTH, oneWord, parseDocument, readable } from "../document.js";
import type { ParseContext } from "../domain/parse/context.js";
import { metadataCache, parseStorageSource, STORAGE_TYPES } from "../domain/parse/storage.js";
import type { ParseOptions } from "../domain/read.js";
import { sourcePath } from "../moment/disks.js";
import type { MomentParseOptions } from "../moment/model.js";
import { parseKeptDomain, parseMomentHead } from "../moment/parse.js";
import { formatSnapshot } from "./format.js";
import type { Snapshot, SnapshotDisk, SnapshotLocation, SnapshotMemory, SnapshotState } from "./model.js";

export interface SnapshotParseOptions extends MomentParseOptions {
  /** The guest's memory is not kept: it is off, or only its disks are asked for. A stored snapshot knows it by itself. */
  readonly offline?: boolean;
  /** How the domain's configuration is read. */
  readonly domain?: ParseOptions;
}

const KIND = { root: "domainsnapshot", documentName: "(domain_snapshot)", errorDomain: "DOMAIN_SNAPSHOT" } as const;
const CHILDREN: ReadonlySet<string> = new Set(
  "active cookie creationTime description disks domain inactiveDomain memory name parent state".split(" "),
);
const DISK_CHILDREN: ReadonlySet<string> = new Set(["driver", "snapshotDeleteInProgress", "source"]);
const DISKS: ReadonlySet<string> = new Set(["disk"]);
const LOCATIONS: readonly SnapshotLocation[] = ["no", "internal", "external", "manual"];
const STATES: readonly SnapshotState[] = [
  "running",
  "blocked",
  "paused",
  "shutdown",
  "shutoff",
  "crashed",
  "pmsuspended",
  "disk-snapshot",
];
const CONTEXT: ParseContext = { inactive: false, status: false, userAliases: false };
const error = errorsOf(KIND.errorDomain);

/** A snapshot from its XML. Throws `VirtError` in libvirt's words, with the place. */
export function parseSnapshot(xml: string, options: SnapshotParseOptions = {}): Snapshot {
  return readSnapshot(parseDocument(xml, KIND), options);
}

/** A snapshot from a file that a driver wrote with `current`: also whether it was the domain's current one. */
export function parseStoredSnapshot(
  xml: string,
  options: SnapshotParseOptions = {},
): { readonly snapshot: Snapshot; readonly current: boolean } {
  const root = parseDocument(xml, KIND);
  const snapshot = readSnapshot(root, { redefine: true, ...options });
  const active = parseInteger(childText(root, "active") ?? "", { signed: true });
  if (active === undefined) {
    throw error(child(root, "active") ?? root, "INTERNAL_ERROR", "Could not find 'active' element", "Add <active>.");
  }
  return { snapshot, current: active !== 0 };
}

function readSnapshot(root: XmlElement, options: SnapshotParseOptions): Snapshot {
  allowChildren(root, CHILDREN);
  const head = parseMomentHead(root, { word: "snapshot", errorDomain: KIND.errorDomain }, options);
  const redefine = options.redefine === true;
  const state = redefine ? parseState(root) : undefined;
  const offline = redefine ? state === "shutoff" || state === "disk-snapshot" : options.offline === true;
  const domains = redefine ? parseDomains(root, options.domain ?? {}) : {};
  const memory = parseMemory(root, offline, redefine);
  const disks = child(root, "disks");
  if (disks !== undefined) allowChildren(disks, DISKS);
  const cookie = offline ? undefined : child(root, "cookie");
  const snapshot = {
    ...head,
    ...domains,
    state,
    memory,
    disks: disks === undefined ? [] : childElements(disks).map((disk) => parseDisk(disk, redefine)),
    cookie: cookie && childElements(withoutBlanks(cookie)),
  };
  return readable(root, KIND.errorDomain, snapshot, formatSnapshot, GROWTH);
}

function parseState(root: XmlElement): SnapshotState {
  const written = childText(root, "state");
  if (written === undefined) {
    throw error(root, "XML_ERROR", "missing state from existing snapshot", `Add <state>: ${STATES.join(", ")}.`);
  }
  const words = `Invalid state '${written}' in domain snapshot XML`;
  return oneWord(written, STATES, (hint) => error(child(root, "state") ?? root, "CONFIG_UNSUPPORTED", words, hint));
}

/** Old snapshots name the domain's UUID alone. */
function parseDomains(root: XmlElement, options: ParseOptions): Pick<Snapshot, "domain" | "inactiveDomain"> {
  const domain = child(root, "domain");
  const inactive = child(root, "inactiveDomain");
  return {
    domain: domain && attribute(domain, "type") ? parseKeptDomain(domain, options) : undefined,
    inactiveDomain: inactive && parseKeptDomain(inactive, options),
  };
}

function parseMemory(root: XmlElement, offline: boolean, redefine: boolean): SnapshotMemory | undefined {
  const element = child(root, "memory");
  const where = element ?? root;
  const file = element && attribute(element, "file");
  const written = element && enumAttribute(element, "snapshot", LOCATIONS);
  if (written === "manual") {
    const hint = "Allowed: no, internal, external.";
    throw error(where, "XML_ERROR", "'manual' memory snapshot mode not supported", hint);
  }
  const location = written ?? defaultMemory(file, offline, redefine);
  if (file !== undefined && location !== "external") {
    const words = `memory filename '${file}' requires external snapshot`;
    throw error(where, "XML_ERROR", words, "Write snapshot='external', or leave file out.");
  }
  if (location === "external" && file === undefined) {
    const words = "external memory snapshots require a filename";
    throw error(where, "XML_ERROR", words, "Add file='/...' to <memory>.");
  }
  if (offline && location !== undefined && location !== "no") {
    const words = "memory state cannot be saved with offline or disk-only snapshot";
    throw error(where, "XML_ERROR", words, "Leave <memory> out, or write snapshot='no'.");
  }
  if (location === undefined) return undefined;
  if (location !== "external" || file === undefined) return { location: location === "no" ? "no" : "internal" };
  if (!file.startsWith("/")) {
    throw error(where, "XML_ERROR", `memory snapshot file path (${file}) must be absolute`, "Begin the path with /.");
  }
  return { location, file };
}

function defaultMemory(
  file: string | undefined,
  offline: boolean,
  redefine: boolean,
): SnapshotMemory["location"] | undefined {
  if (file !== undefined) return "external";
  if (!redefine) return undefined;
  return offline ? "no" : "internal";
}

function parseDisk(element: XmlElement, redefine: boolean): SnapshotDisk {
  allowChildren(element, DISK_CHILDREN);
  const name = attribute(element, "name");
  if (name === undefined) {
    throw error(element, "INTERNAL_ERROR", "missing name from disk snapshot element", "Add name='vda'.");
  }
  const location = enumAttribute(element, "snapshot", LOCATIONS);
  const type = enumAttribute(element, "type", STORAGE_TYPES) ?? "file";
  if (type === "volume" || type === "dir") {
    throw error(element, "XML_ERROR", `unsupported disk snapshot type '${type}'`, "Use file, block or network.");
  }
  const node = child(element, "source");
  const source = parseStorageSource(
    node ?? { ...element, name: "source", attributes: [], children: [] },
    type,
    CONTEXT,
  );
  const driver = child(element, "driver");
  const format = parseFormat(driver);
  const path = sourcePath(source);
  if (path !== undefined && type !== "network" && !path.startsWith("/")) {
    const words = `disk snapshot image path '${path}' must be absolute`;
    throw error(node ?? element, "XML_ERROR", words, "Begin the path with /.");
  }
  return {
    name,
    location: location ?? (path !== undefined || format !== undefined ? "external" : undefined),
    source: { ...source, metadataCacheMaxSize: (driver && metadataCache(driver)) || undefined },
    format,
    deleteInProgress: (redefine && child(element, "snapshotDeleteInProgress") !== undefined) || undefined,
  };
}

function parseFormat(driver: XmlElement | undefined): SnapshotDisk["format"] {
  const written = driver && attribute(driver, "type");
  if (driver === undefined || !written) return undefined;
  const words = `unknown disk snapshot driver '${written}'`;
  return oneWord(written, FILE_FORMATS, (hint) => error(driver, "CONFIG_UNSUPPORTED", words, hint));
}
