import { randomUUID } from "node:crypto";
import { DOCUMENT_KINDS } from "../../schema/kinds.js";
import { allowChildren, attribute, type XmlElement } from "../../xml/index.js";
import { attributeAt, errorsOf, expectRoot, firstAt, oneWord, ownUuid, parseDocument, textAt } from "../document.js";
import type { Secret, SecretUsage } from "./model.js";

export interface SecretParseOptions {
  /** Makes up a UUID where none is given. */
  readonly newUuid?: () => string;
}

const secretError = errorsOf("SECRET");
const DOCUMENT = DOCUMENT_KINDS.secret;
const CHILDREN: ReadonlySet<string> = new Set(["description", "usage", "uuid"]);
const USAGE: ReadonlySet<string> = new Set(["name", "target", "volume"]);
const USAGES = ["none", "volume", "ceph", "iscsi", "tls", "vtpm"] as const;

/** A secret from its XML. Throws `VirtError` in libvirt's words, with the place. */
export function parseSecret(xml: string, options: SecretParseOptions = {}): Secret {
  return readSecret(parseDocument(xml, DOCUMENT), options);
}

/** The same from an element, such as one that a schema has been asked about. */
export function readSecret(root: XmlElement, options: SecretParseOptions = {}): Secret {
  allowChildren(expectRoot(root, DOCUMENT), CHILDREN);
  const ephemeral = parseYesNo(root, "ephemeral");
  const isPrivate = parseYesNo(root, "private");
  const uuid = ownUuid(root, options.newUuid ?? randomUUID, (at, detail, hint) =>
    secretError(at, "INTERNAL_ERROR", detail, hint),
  );
  return {
    uuid,
    ephemeral,
    private: isPrivate,
    description: textAt(root, "description"),
    usage: parseUsage(root),
  };
}

function parseYesNo(root: XmlElement, name: "ephemeral" | "private"): boolean {
  const value = attribute(root, name) || "no";
  return (
    oneWord(value, ["yes", "no"], (hint) => secretError(root, "XML_ERROR", `invalid value of '${name}'`, hint)) ===
    "yes"
  );
}

function parseUsage(root: XmlElement): SecretUsage | undefined {
  const usage = firstAt(root, "usage");
  if (usage === undefined) return undefined;
  allowChildren(usage, USAGE);
  const written = attributeAt(root, ["usage"], "type");
  if (written === undefined) throw secretError(usage, "XML_ERROR", "unknown secret usage type", "Add type='...'.");
  const type = oneWord(written, USAGES, (hint) =>
    secretError(usage, "CONFIG_UNSUPPORTED", `unknown secret usage type ${written}`, hint),
  );
  const text = (name: string, detail: string): string => {
    const found = textAt(root, "usage", name);
    if (found === undefined) throw secretError(usage, "INTERNAL_ERROR", detail, `Add <${name}> to <usage>.`);
    return found;
  };
  switch (type) {
    case "none":
      return undefined;
    case "volume":
      return { type, volume: text("volume", "volume usage specified, but volume path is missing") };
    case "ceph":
      return { type, name: text("name", "Ceph usage specified, but name is missing") };
    case "iscsi":
      return { type, target: text("target", "iSCSI usage specified, but target is missing") };
    case "tls":
      return { type, name: text("name", "TLS usage specified, but name is missing") };
    case "vtpm":
      return { type, name: text("name", "vTPM usage specified, but name is missing") };
  }
}
