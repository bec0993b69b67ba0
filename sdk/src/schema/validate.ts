import { join } from "node:path";
import { VirtError } from "@polyvisor/core";
import { childElements, errorAt, parseXml, type XmlElement } from "../xml/index.js";
import { SchemaChecker } from "./checker.js";
import { DOCUMENT_KINDS, type DocumentKindName } from "./kinds.js";
import type { CheckOutcome, SchemaComplaint } from "./messages.js";

export interface ValidateOptions {
  /** Where the schemas are; where libvirt installs them when left out. */
  readonly folder?: string;
  /** Shared by all of the process when left out. */
  readonly checker?: SchemaChecker;
  /**
   * Reads the document as the caller is going to. Schema messages are vague; where this throws about the same document,
   * its words and place go into the hint.
   */
  readonly explain?: (root: XmlElement) => unknown;
}

/** Where libvirt installs its schemas. */
const SCHEMAS = "/usr/share/libvirt/schemas";

let sharedChecker: SchemaChecker | undefined;

/**
 * The root element of a document that libvirt's schema of its kind allows: what a call does with its VALIDATE flag.
 *
 * Throws `XML_DETAIL` and `XML_ERROR` as parsing does, `XML_INVALID_SCHEMA` in libvirt's words where the schema is broken,
 * and `OPERATION_UNSUPPORTED` where schemas or the library that reads them are not installed.
 */
export async function parseValidXml(
  xml: string,
  kind: DocumentKindName,
  options: ValidateOptions = {},
): Promise<XmlElement> {
  const { root: expected, schema, documentName, errorDomain } = DOCUMENT_KINDS[kind];
  const root = parseXml(xml, { documentName, errorDomain });
  if (root.name !== expected) {
    const words = `expecting root element of '${expected}', not '${root.name}'`;
    throw errorAt(root, "XML_ERROR", words, `Send a <${expected}>.`);
  }
  const path = join(options.folder ?? SCHEMAS, schema);
  sharedChecker ??= new SchemaChecker();
  const outcome = await (options.checker ?? sharedChecker).check(path, xml);
  if (outcome.kind === "invalid") throw invalid(root, path, outcome.complaints, options.explain);
  if (outcome.kind !== "valid") throw unable(outcome, path);
  return root;
}

function invalid(
  root: XmlElement,
  path: string,
  complaints: readonly SchemaComplaint[],
  explain: ValidateOptions["explain"],
): VirtError {
  const words = `Unable to validate doc against ${path}\n${complaints.map(({ message }) => message).join("")}`;
  const reason = explain === undefined ? undefined : thrownBy(() => explain(root));
  if (reason?.position !== undefined) {
    const { line } = reason.position;
    const hint = `line ${line}: ${reason.message}${reason.hint === undefined ? "" : ` (${reason.hint})`}`;
    return new VirtError("XML_INVALID_SCHEMA", words, { domain: "XML", position: reason.position, hint });
  }
  const where = placeOf(root, complaints);
  const hint = `Look at <${where.name}> in line ${where.line}: it, or something in it, is not what the schema allows.`;
  return errorAt(where, "XML_INVALID_SCHEMA", words, hint);
}

/** The innermost element that the messages point at. */
function placeOf(root: XmlElement, complaints: readonly SchemaComplaint[]): XmlElement {
  for (const { element, line } of complaints) {
    const found = find(root, (each) => each.name === element && (line === 0 || each.line === line));
    if (found !== undefined) return found;
  }
  return root;
}

function find(element: XmlElement, matches: (element: XmlElement) => boolean): XmlElement | undefined {
  if (matches(element)) return element;
  for (const each of childElements(element)) {
    const found = find(each, matches);
    if (found !== undefined) return found;
  }
  return undefined;
}

function thrownBy(work: () => unknown): VirtError | undefined {
  try {
    work();
  } catch (error) {
    return VirtError.from(error);
  }
  return undefined;
}

function unable(outcome: Exclude<CheckOutcome, { kind: "valid" | "invalid" }>, path: string): VirtError {
  const unsupported = (what: string, hint: string): VirtError =>
    new VirtError("OPERATION_UNSUPPORTED", `documents cannot be validated: ${what}`, {
      domain: "XML",
      hint: `${hint}, or leave --validate out: elements that nobody knows are refused all the same`,
    });
  switch (outcome.kind) {
    case "no-library":
      return unsupported(
        "the optional package libxmljs2 is not installed",
        "install a C++ compiler, make and python3 and run npm ci again",
      );
    case "no-schema":
      return unsupported(`the schema ${path} cannot be read`, "install libvirt's schemas (apt install libvirt0)");
    case "bad-schema":
      return new VirtError("INTERNAL_ERROR", `Unable to parse RNG ${path}: ${outcome.detail}`, { domain: "XML" });
    case "bad-document":
      return new VirtError("XML_DETAIL", outcome.detail, { domain: "XML" });
  }
}
