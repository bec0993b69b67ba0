import { isElement, type XmlElement, type XmlNode } from "./element.js";

/**
 * A parsed element as text, with double-quoted attributes as libxml2 writes them: what `<metadata>` is printed with.
 *
 * Elements that hold no text are laid out with two spaces a level from `level`; elements with text keep their form.
 * The first line is not indented and there is no newline at the end.
 */
export function serializeXml(element: XmlElement, level = 0, format = true): string {
  const attributes = element.attributes.map(({ name, value }) => ` ${name}="${escapeAttribute(value)}"`).join("");
  if (element.children.length === 0) return `<${element.name}${attributes}/>`;
  const indented = format && !element.children.some((child) => typeof child === "string");
  const inner = element.children.map((child) => {
    const text = serializeNode(child, level + 1, indented);
    return indented ? `${"  ".repeat(level + 1)}${text}\n` : text;
  });
  const body = indented ? `\n${inner.join("")}${"  ".repeat(level)}` : inner.join("");
  return `<${element.name}${attributes}>${body}</${element.name}>`;
}

function serializeNode(node: XmlNode, level: number, format: boolean): string {
  if (typeof node === "string") return escapeText(node);
  if (isElement(node)) return serializeXml(node, level, format);
  return `<!--${node.comment}-->`;
}

/** Without the white space between elements that is only layout, as libxml2 drops it. */
export function withoutBlanks(element: XmlElement): XmlElement {
  if (element.children.length === 0) return element;
  const children: XmlNode[] = [];
  element.children.forEach((child, at) => {
    if (typeof child !== "string") {
      children.push(isElement(child) ? withoutBlanks(child) : child);
      return;
    }
    const only = element.children.length === 1;
    const afterText = typeof children[0] === "string" || typeof children.at(-1) === "string";
    const beforeText = typeof element.children[at + 1] === "string";
    if (only || afterText || beforeText || child.trim() !== "") children.push(child);
  });
  return { ...element, children };
}

function escapeText(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\r", "&#13;");
}

function escapeAttribute(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return escapeText(text).replaceAll('"', "&quot;").replaceAll("\n", "&#10;").replaceAll("\t", "&#9;");
}

const SPECIAL = /[&<>"\n\t\r]/;
