import { attribute, child, childElements, integerAttribute, type XmlElement } from "../../../xml/index.js";
import type { SecretReference, StorageAuth, StorageEncryption } from "../model/index.js";
import { confError, word } from "./context.js";

/** `<secret uuid=...>` or `<secret usage=...>`. */
function parseSecretReference(element: XmlElement): SecretReference {
  const uuid = attribute(element, "uuid");
  const usage = attribute(element, "usage");
  if (uuid === undefined && usage === undefined) {
    throw confError(element, "XML_ERROR", "missing secret uuid or usage attribute");
  }
  if (uuid !== undefined && usage !== undefined) {
    throw confError(element, "XML_ERROR", "either secret uuid or usage expected");
  }
  return uuid !== undefined ? { uuid: uuid.toLowerCase() } : { usage: usage ?? "" };
}

export function parseAuth(element: XmlElement): StorageAuth {
  const username = attribute(element, "username");
  if (username === undefined) throw confError(element, "XML_ERROR", "missing username for auth");
  const secret = child(element, "secret");
  if (secret === undefined) throw confError(element, "XML_ERROR", "Missing <secret> element in auth");
  return { username, secretType: attribute(secret, "type"), secret: parseSecretReference(secret) };
}

const FORMATS = ["default", "qcow", "luks", "luks2"] as const;

export function parseEncryption(element: XmlElement): StorageEncryption {
  const written = attribute(element, "format");
  if (written === undefined) throw confError(element, "XML_ERROR", "unknown volume encryption format (null)");
  const format = word(
    element,
    written,
    FORMATS,
    (value) => `unknown volume encryption format type ${value}`,
    "XML_ERROR",
  );
  const engine = attribute(element, "engine");
  const cipher = child(element, "cipher");
  const ivgen = child(element, "ivgen");
  return {
    format,
    engine:
      engine === undefined
        ? undefined
        : word(
            element,
            engine,
            ["qemu", "librbd"],
            (value) => `Invalid value for attribute 'engine' in element 'encryption': '${value}'.`,
            "XML_ERROR",
          ),
    secrets: childElements(element, "secret").map((secret) => {
      const type = attribute(secret, "type");
      if (type === undefined) throw confError(secret, "XML_ERROR", "unknown volume encryption secret type (null)");
      return {
        type: word(
          secret,
          type,
          ["passphrase"],
          (value) => `unknown volume encryption secret type ${value}`,
          "XML_ERROR",
        ),
        reference: parseSecretReference(secret),
      };
    }),
    cipher:
      cipher === undefined
        ? undefined
        : {
            name: attribute(cipher, "name") ?? missing(cipher, "cipher info missing 'name' attribute"),
            size: integerAttribute(cipher, "size") ?? missing(cipher, "cipher info missing 'size' attribute"),
            mode: attribute(cipher, "mode"),
            hash: attribute(cipher, "hash"),
          },
    ivgen:
      ivgen === undefined
        ? undefined
        : {
            name: attribute(ivgen, "name") ?? missing(ivgen, "missing ivgen info name string"),
            hash: attribute(ivgen, "hash"),
          },
  };
}

function missing(element: XmlElement, message: string): never {
  throw confError(element, "XML_ERROR", message);
}
