import { attribute, child, childElements, type XmlElement } from "../../xml/index.js";
import {
  ABSOLUTE_PATH,
  allowAttributes,
  allowElements,
  allowOnce,
  allowText,
  formedAttribute,
  needChildren,
  neededAttribute,
  schemaError,
  wordOf,
} from "../moment/schema.js";

const IMAGE: ReadonlySet<string> = new Set(["encryption", "seclabel"]);
const ENCRYPTION: ReadonlySet<string> = new Set(["secret", "cipher", "ivgen"]);
const LABEL: ReadonlySet<string> = new Set(["label"]);
const NONE: ReadonlySet<string> = new Set();
const UUID = /^[a-fA-F0-9]{32}$|^([a-fA-F0-9]{8})-(([a-fA-F0-9]{4})-){3}([a-fA-F0-9]{12})$/;
const UNSIGNED = /^\s*\+?\d+\s*$/;

/** What the schema says of the file or device that a backup of a disk goes to. */
export function checkImage(image: XmlElement, type: "file" | "block"): void {
  const path = type === "file" ? "file" : "dev";
  allowElements(image, IMAGE);
  allowAttributes(image, [path]);
  neededAttribute(image, path);
  formedAttribute(image, path, ABSOLUTE_PATH, "Begin the path with /.");
  for (const label of childElements(image, "seclabel")) checkLabel(label);
  const [encryption, second] = childElements(image, "encryption");
  if (second !== undefined) throw schemaError(second, "Extra element encryption in interleave", "One is enough.");
  if (encryption !== undefined) checkEncryption(encryption);
}

/** A label replaces the usual one, or there is none at all. */
function checkLabel(element: XmlElement): void {
  allowAttributes(element, ["model", "relabel", "labelskip"]);
  const relabel = wordOf(element, "relabel", ["yes", "no"]);
  const skip = wordOf(element, "labelskip", ["yes"]);
  if (relabel === "no" || skip !== undefined) {
    allowAttributes(element, ["model", skip === undefined ? "relabel" : "labelskip"]);
    allowElements(element, NONE);
    return;
  }
  allowElements(element, LABEL);
  needChildren(element, "label");
  for (const label of childElements(element)) allowText(label);
}

function checkEncryption(element: XmlElement): void {
  allowAttributes(element, ["format", "engine"]);
  neededAttribute(element, "format");
  wordOf(element, "format", ["luks"]);
  wordOf(element, "engine", ["qemu"]);
  allowElements(element, ENCRYPTION);
  allowOnce(element);
  const secret = child(element, "secret");
  if (secret === undefined) throw schemaError(element, "Expecting an element secret, got nothing", "Add <secret>.");
  checkSecret(secret);
  const cipher = child(element, "cipher");
  const ivgen = child(element, "ivgen");
  if ((cipher === undefined) !== (ivgen === undefined)) {
    throw schemaError(element, "Element encryption failed to validate content", "Write both <cipher> and <ivgen>.");
  }
  if (cipher !== undefined) checkAlgorithm(cipher, ["name", "size", "mode", "hash"], ["name", "size"]);
  if (ivgen !== undefined) checkAlgorithm(ivgen, ["name", "hash"], ["name"]);
}

function checkSecret(element: XmlElement): void {
  neededAttribute(element, "type");
  wordOf(element, "type", ["passphrase"]);
  allowElements(element, NONE);
  if (attribute(element, "uuid") === undefined) {
    allowAttributes(element, ["type", "usage"]);
    neededAttribute(element, "usage");
    return;
  }
  allowAttributes(element, ["type", "uuid"]);
  formedAttribute(element, "uuid", UUID, "Write the secret's UUID.");
}

function checkAlgorithm(element: XmlElement, known: readonly string[], needed: readonly string[]): void {
  allowAttributes(element, known);
  allowElements(element, NONE);
  for (const name of needed) neededAttribute(element, name);
  formedAttribute(element, "size", UNSIGNED, "Write a number of bits.");
}
