import {
  attribute,
  child,
  childElements,
  childText,
  enumAttribute,
  parseInteger,
  requiredAttribute,
  type XmlElement,
  yesNoAttribute,
} from "../../xml/index.js";
import { errorsOf, expectRoot, oneWord, parseDocument, readable } from "../document.js";
import type { ParseContext } from "../domain/parse/context.js";
import { parseStorageHost, parseStorageSource, storageFormat, storageType } from "../domain/parse/storage.js";
import { checkBackupForm } from "./form.js";
import { formatBackup } from "./format.js";
import type { Backup, BackupDisk, BackupDiskState, BackupServer, BackupStore } from "./model.js";

export interface BackupParseOptions {
  /** A driver's own document, with the states of the copies. */
  readonly internal?: boolean;
}

const KIND = { root: "domainbackup", documentName: "(domain_backup)", errorDomain: "DOMAIN" } as const;
const MODES = ["push", "pull"] as const;
const STATES: readonly BackupDiskState[] = ["running", "complete", "failed", "cancelling", "cancelled"];
const error = errorsOf(KIND.errorDomain);

/** A backup from its XML. Throws `VirtError` in libvirt's words, with the place. */
export function parseBackup(xml: string, options: BackupParseOptions = {}): Backup {
  return readBackup(parseDocument(xml, KIND), options);
}

/** The same from an element, such as the one inside a status file. */
export function readBackup(root: XmlElement, options: BackupParseOptions = {}): Backup {
  expectRoot(root, KIND);
  const internal = options.internal === true;
  if (!internal) checkBackupForm(root);
  const mode = parseMode(root);
  const server = child(root, "server");
  if (mode === "push" && server !== undefined) {
    const words = "use of <server> requires pull mode backup";
    throw error(server, "CONFIG_UNSUPPORTED", words, "Write mode='pull', or leave <server> out.");
  }
  const disks = child(root, "disks");
  const common = {
    incremental: childText(root, "incremental"),
    disks: disks === undefined ? [] : childElements(disks).map((disk) => parseDisk(disk, mode, internal)),
    ...(internal ? parsePrivate(root) : undefined),
  };
  const backup = mode === "push" ? { mode, ...common } : { mode, server: server && parseServer(server), ...common };
  return readable<Backup>(root, KIND.errorDomain, backup, formatBackup);
}

function parseMode(root: XmlElement): Backup["mode"] {
  const written = attribute(root, "mode");
  if (written === undefined) return "push";
  const words = `unknown backup mode '${written}'`;
  return oneWord(written, MODES, (hint) => error(root, "CONFIG_UNSUPPORTED", words, hint));
}

function parseServer(element: XmlElement): BackupServer {
  const host = parseStorageHost(element);
  const tls = yesNoAttribute(element, "tls");
  switch (host.transport) {
    case "rdma":
      throw error(element, "CONFIG_UNSUPPORTED", "transport rdma is not supported for <server>", "Use tcp or unix.");
    case "tcp":
      return { host: { transport: "tcp", name: host.name ?? "", port: host.port }, tls };
    case "unix":
      if (host.socket.startsWith("/")) return { host, tls };
      throw error(
        element,
        "XML_ERROR",
        `backup socket path '${host.socket}' must be absolute`,
        "Begin the path with /.",
      );
  }
}

function parseDisk(element: XmlElement, mode: Backup["mode"], internal: boolean): BackupDisk {
  const name = attribute(element, "name");
  if (name === undefined) {
    throw error(element, "XML_ERROR", "missing name from disk backup element", "Add name='vda'.");
  }
  if (yesNoAttribute(element, "backup") === "no") return { name, backup: "no" };
  const pull = mode === "pull";
  return {
    name,
    backup: "yes",
    mode: attribute(element, "backupmode") === "" ? undefined : enumAttribute(element, "backupmode", DISK_MODES),
    incremental: attribute(element, "incremental"),
    exportName: pull ? attribute(element, "exportname") : undefined,
    exportBitmap: pull ? attribute(element, "exportbitmap") : undefined,
    store: parseStore(element, pull ? "scratch" : "target", internal),
    state: internal ? parseState(element) : undefined,
  };
}

const DISK_MODES = ["full", "incremental"] as const;

/** A copy that has not begun has an empty state. */
function parseState(element: XmlElement): BackupDiskState | undefined {
  if (attribute(element, "state") === "") return undefined;
  requiredAttribute(element, "state");
  return enumAttribute(element, "state", STATES);
}

function parseStore(element: XmlElement, imageName: string, internal: boolean): BackupStore {
  const written = attribute(element, "type");
  const type = written === undefined ? "file" : storageType(element, written);
  const driver = child(element, "driver");
  const format = driver && attribute(driver, "type");
  if (type !== "file" && type !== "block") {
    throw error(element, "XML_ERROR", `unsupported disk backup type '${type}'`, "Use file or block.");
  }
  const image = child(element, imageName);
  const context: ParseContext = { inactive: false, status: internal, userAliases: false };
  const source = image === undefined ? { type } : parseStorageSource(image, type, context);
  if (source.type !== "file" && source.type !== "block") throw new TypeError("a store is a file or a block device");
  return {
    source: { ...source, index: internal ? parseIndex(element) : undefined },
    format: driver && format ? storageFormat(driver, format) : undefined,
  };
}

function parseIndex(element: XmlElement): number | undefined {
  const written = attribute(element, "index");
  if (written === undefined) return undefined;
  const index = parseInteger(written, { max: 4294967295 });
  if (index !== undefined) return index || undefined;
  throw error(element, "XML_ERROR", `invalid storage source index '${written}'`, "Write a number.");
}

function parsePrivate(root: XmlElement): Pick<Backup, "tlsAlias" | "tlsSecretAlias"> {
  const data = child(root, "privateData");
  const objects = data && child(data, "objects");
  const secret = objects && childElements(objects, "secret").find((each) => attribute(each, "type") === "tlskey");
  const tls = objects && child(objects, "TLSx509");
  return { tlsAlias: tls && attribute(tls, "alias"), tlsSecretAlias: secret && attribute(secret, "alias") };
}
