import { attribute, child, childElements, childText, textOf, type XmlElement } from "../../xml/index.js";
import { GROWTH, parseDocument, readable } from "../document.js";
import type { ParseOptions } from "../domain/read.js";
import type { MomentParseOptions } from "../moment/model.js";
import { parseKeptDomain, parseMomentHead } from "../moment/parse.js";
import {
  ABSOLUTE_PATH,
  allowAttributes,
  allowElements,
  allowOnce,
  allowText,
  DISK_TARGET,
  formedAttribute,
  needChildren,
  neededAttribute,
  schemaError,
  wordOf,
} from "../moment/schema.js";
import { formatCheckpoint } from "./format.js";
import type { Checkpoint, CheckpointDisk } from "./model.js";

export interface CheckpointParseOptions extends MomentParseOptions {
  /** How the domain's configuration is read. */
  readonly domain?: ParseOptions;
}

const KIND = {
  root: "domaincheckpoint",
  documentName: "(domain_checkpoint)",
  errorDomain: "DOMAIN_CHECKPOINT",
} as const;
const CHILDREN: ReadonlySet<string> = new Set(["creationTime", "description", "disks", "domain", "name", "parent"]);
const DISKS: ReadonlySet<string> = new Set(["disk"]);
const NONE: ReadonlySet<string> = new Set();

/** Names become names of files. */
const NAME = /^[a-zA-Z0-9_-][a-zA-Z0-9_.-]*$/;
const DISK_NAME = new RegExp(`${DISK_TARGET.source}|${ABSOLUTE_PATH.source}`);
const UNSIGNED = /^\s*\+?\d+\s*$/;

/** A checkpoint from its XML. Throws `VirtError` in libvirt's words, with the place. */
export function parseCheckpoint(xml: string, options: CheckpointParseOptions = {}): Checkpoint {
  const root = parseDocument(xml, KIND);
  checkForm(root);
  const head = parseMomentHead(root, { word: "checkpoint", errorDomain: KIND.errorDomain }, options);
  const domain = options.redefine === true ? child(root, "domain") : undefined;
  const disks = child(root, "disks");
  const checkpoint = {
    ...head,
    domain: domain && parseKeptDomain(domain, options.domain ?? {}),
    disks: disks === undefined ? [] : childElements(disks).map(parseDisk),
  };
  return readable(root, KIND.errorDomain, checkpoint, formatCheckpoint, domain === undefined ? 1 : GROWTH);
}

function checkForm(root: XmlElement): void {
  allowAttributes(root, []);
  allowElements(root, CHILDREN);
  allowOnce(root);
  checkName(root);
  allowText(child(root, "description"));
  const parent = child(root, "parent");
  if (parent !== undefined) {
    allowElements(parent, new Set(["name"]));
    allowAttributes(parent, []);
    allowOnce(parent);
    needChildren(parent, "name");
    checkName(parent);
  }
  const time = child(root, "creationTime");
  allowText(time);
  if (time !== undefined && !UNSIGNED.test(textOf(time))) {
    throw schemaError(time, "Error validating datatype unsignedLong", "Write seconds since 1970.");
  }
  const disks = child(root, "disks");
  if (disks === undefined) return;
  allowAttributes(disks, []);
  allowElements(disks, DISKS);
  needChildren(disks, "disk");
}

function checkName(parent: XmlElement): void {
  const name = child(parent, "name");
  allowText(name);
  if (name === undefined || NAME.test(textOf(name))) return;
  const hint = "Use letters, digits, '_', '-' and '.', and do not begin with a '.'.";
  throw schemaError(name, `Invalid name '${childText(parent, "name") ?? ""}' in element ${parent.name}`, hint);
}

function parseDisk(element: XmlElement): CheckpointDisk {
  allowElements(element, NONE);
  allowAttributes(element, ["name", "checkpoint", "bitmap", "size"]);
  neededAttribute(element, "name");
  const name = formedAttribute(element, "name", DISK_NAME, "Write the disk's target, such as vda, or its path.") ?? "";
  const checkpoint = wordOf(element, "checkpoint", ["no", "bitmap"]) ?? "bitmap";
  if (checkpoint === "no") {
    allowAttributes(element, ["name", "checkpoint"]);
    return { name, checkpoint };
  }
  formedAttribute(element, "size", UNSIGNED, "Leave size out; it is found out when asked for.");
  return { name, checkpoint, bitmap: attribute(element, "bitmap") };
}
