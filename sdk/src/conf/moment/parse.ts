import type { ErrorDomain } from "@polyvisor/core";
import { child, childText, errorAt, parseInteger, type XmlElement } from "../../xml/index.js";
import type { Domain } from "../domain/model/index.js";
import type { ParseOptions } from "../domain/read.js";
import { readDomain } from "../domain/read.js";
import type { Moment, MomentParseOptions } from "./model.js";

/** What the messages call a kind of moment, and whose errors they are. */
export interface MomentKind {
  readonly word: "snapshot" | "checkpoint";
  readonly errorDomain: ErrorDomain;
}

/** Name, description, time and parent. */
export function parseMomentHead(
  root: XmlElement,
  kind: MomentKind,
  options: MomentParseOptions,
): Omit<Moment, "domain"> {
  const description = childText(root, "description");
  const written = childText(root, "name");
  if (options.redefine !== true) {
    const creationTime = options.skipDefaults === true ? 0 : (options.now ?? secondsNow)();
    const name = written ?? (options.skipDefaults === true ? "" : String(creationTime));
    return { name, description, creationTime };
  }
  if (written === undefined) {
    throw errorAt(root, "XML_ERROR", `a redefined ${kind.word} must have a name`, "Add <name>.", kind.errorDomain);
  }
  const parent = child(root, "parent");
  return {
    name: written,
    description,
    parent: parent && childText(parent, "name"),
    creationTime: parseCreationTime(root, kind),
  };
}

function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}

function parseCreationTime(root: XmlElement, kind: MomentKind): number {
  const time = parseInteger(childText(root, "creationTime") ?? "", { signed: true });
  if (time !== undefined) return time;
  const words = `missing creationTime from existing ${kind.word}`;
  const hint = "Add <creationTime> with seconds since 1970.";
  throw errorAt(child(root, "creationTime") ?? root, "INTERNAL_ERROR", words, hint, kind.errorDomain);
}

/** The configuration that a moment keeps of its domain. It was checked when it was defined and is not checked again. */
export function parseKeptDomain(element: XmlElement, options: ParseOptions): Domain {
  return readDomain({ ...element, name: "domain" }, { ...options, inactive: true, status: false, skipChecks: true });
}
