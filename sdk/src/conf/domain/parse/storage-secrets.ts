import type { VirtError } from "@polyvisor/core";
import {
  attribute,
  child,
  childElements,
  enumAttribute,
  requiredInteger,
  type XmlElement,
} from "../../../xml/index.js";
import { parseUuid } from "../../common/uuid.js";
import { errorsOf, oneWord } from "../../document.js";
import type { SecretReference, StorageAuth, StorageEncryption } from "../model/index.js";

// these parts are the storage's, also where they stand in a domain
const storageError = errorsOf("STORAGE");
const secretError = errorsOf("NONE");

/** `<secret uuid=...>` or `<secret usage=...>`. */
export function parseSecretReference(element: XmlElement): SecretReference {
  const uuid = attribute(element, "uuid");
  const usage = attribute(element, "usage");
  if (uuid === undefined && usage === undefined) {
    throw secretError(element, "XML_ERROR", "missing secret uuid or usage attribute", "Add usage='...' or uuid='...'.");
  }
  if (uuid !== undefined && usage !== undefined) {
    throw secretError(element, "XML_ERROR", "either secret uuid or usage expected", "Keep one of the two.");
  }
  if (uuid === undefined) return { usage: usage ?? "" };
  const known = parseUuid(uuid);
  if (known === undefined) {
    throw secretError(
      element,
      "XML_ERROR",
      `invalid secret uuid '${uuid}'`,
      "Write a UUID, or name the secret's usage.",
    );
  }
  return { uuid: known };
}

export function parseAuth(element: XmlElement): StorageAuth {
  const username = attribute(element, "username");
  if (username === undefined) throw missing(element, "missing username for auth", "username='...'");
  const secret = child(element, "secret");
  if (secret === undefined) throw missing(element, "Missing <secret> element in auth", "a <secret>");
  return { username, secretType: attribute(secret, "type"), secret: parseSecretReference(secret) };
}

const FORMATS = ["default", "qcow", "luks", "luks2"] as const;

export function parseEncryption(element: XmlElement): StorageEncryption {
  const written = attribute(element, "format");
  if (!written) throw missing(element, "unknown volume encryption format", "format='...'");
  const format = oneWord(written, FORMATS, (hint) =>
    storageError(element, "CONFIG_UNSUPPORTED", `unknown volume encryption format type ${written}`, hint),
  );
  // libvirt reads how a key is made for this one format only
  const cipher = format === "luks" ? child(element, "cipher") : undefined;
  const ivgen = format === "luks" ? child(element, "ivgen") : undefined;
  if (ivgen !== undefined && cipher === undefined) {
    throw missing(ivgen, "ivgen element found, but cipher is missing", "a <cipher>");
  }
  return {
    format,
    engine: enumAttribute(element, "engine", ["qemu", "librbd"]),
    secrets: childElements(element, "secret").map(parseEncryptionSecret),
    cipher: cipher === undefined ? undefined : parseCipher(cipher),
    ivgen: ivgen === undefined ? undefined : parseIvgen(ivgen),
  };
}

function parseEncryptionSecret(element: XmlElement): StorageEncryption["secrets"][number] {
  const type = attribute(element, "type");
  if (!type) throw missing(element, "unknown volume encryption secret type", "type='passphrase'");
  return {
    type: oneWord(type, ["passphrase"], (hint) =>
      storageError(element, "CONFIG_UNSUPPORTED", `unknown volume encryption secret type ${type}`, hint),
    ),
    reference: parseSecretReference(element),
  };
}

function parseCipher(element: XmlElement): NonNullable<StorageEncryption["cipher"]> {
  const name = attribute(element, "name");
  if (name === undefined) throw missing(element, "cipher info missing 'name' attribute", "name='...'");
  return {
    name,
    size: requiredInteger(element, "size"),
    mode: attribute(element, "mode"),
    hash: attribute(element, "hash"),
  };
}

function parseIvgen(element: XmlElement): NonNullable<StorageEncryption["ivgen"]> {
  const name = attribute(element, "name");
  if (name === undefined) throw missing(element, "missing ivgen info name string", "name='...'");
  return { name, hash: attribute(element, "hash") };
}

function missing(element: XmlElement, message: string, add: string): VirtError {
  return storageError(element, "XML_ERROR", message, `Add ${add}.`);
}
