import { childElements, withoutBlanks, type XmlElement, XmlWriter } from "../../xml/index.js";
import { parseDocument } from "../document.js";
import { formatElement } from "../domain/format/domain.js";

const KIND = { root: "cookie", documentName: "(save cookie)", errorDomain: "CONF" } as const;

/** What a driver kept beside a saved domain's configuration, in its own elements. */
export function parseSaveCookie(xml: string): readonly XmlElement[] {
  return childElements(withoutBlanks(parseDocument(xml, KIND)));
}

/** The cookie of a save image or a migration, as a document of its own. */
export function formatSaveCookie(elements: readonly XmlElement[]): string {
  const w = new XmlWriter();
  writeSaveCookie(w, elements);
  return w.toString();
}

/** The same inside another document. */
export function writeSaveCookie(w: XmlWriter, elements: readonly XmlElement[]): void {
  w.block("cookie", "", () => {
    for (const element of elements) formatElement(w, element);
  });
}
