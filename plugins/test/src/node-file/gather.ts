import { dirname, isAbsolute, join } from "node:path";
import { VirtError } from "@polyvisor/core";
import { attribute, isElement, parseXml, type XmlElement } from "@polyvisor/sdk/xml";
import { TEST_NAMESPACE } from "./test-namespace.js";

/** Reads a file by its absolute path. */
export type ReadFile = (path: string) => Promise<Uint8Array>;

/** How many files one node may be made of, and how many bytes they may have together. */
const FILES_MAX = 1000;
const BYTES_MAX = 16 * 1024 * 1024;

/** What may stand in a file of its own, by what it stands in. */
const REFERRING: Readonly<Record<string, ReadonlySet<string>>> = {
  node: new Set(["domain", "network", "interface", "pool", "device"]),
  pool: new Set(["volume"]),
};

/** A node's document, with the documents that it refers to (`<domain file='...'/>`) in their places. */
export async function gatherNode(path: string, read: ReadFile): Promise<XmlElement> {
  let files = 0;
  let bytes = 0;

  async function load(file: string, name: string): Promise<XmlElement> {
    files += 1;
    if (files > FILES_MAX) throw tooMuch(`a node of more than ${FILES_MAX} files`, "put more into one file");
    const text = await read(file);
    bytes += text.length;
    if (bytes > BYTES_MAX) throw tooMuch(`a node of more than ${BYTES_MAX} bytes`, "describe fewer things");
    const root = parseXml(text, { documentName: file, errorDomain: "TEST" });
    if (localName(root) === name) return root;
    throw new VirtError("XML_ERROR", `expecting root element of '${name}', not '${root.name}'`, {
      domain: "XML",
      hint: `${file} should hold a <${name}>`,
    });
  }

  /** libvirt takes every reference as relative to the node's own file. */
  async function resolve(element: XmlElement): Promise<XmlElement> {
    const reference = attribute(element, "file");
    if (reference === undefined) return element;
    return load(isAbsolute(reference) ? reference : join(dirname(path), reference), localName(element));
  }

  async function filled(element: XmlElement): Promise<XmlElement> {
    const children: XmlElement["children"][number][] = [];
    for (const node of element.children) {
      children.push(isElement(node) && mayRefer(element, node) ? await filled(await resolve(node)) : node);
    }
    return { ...element, children };
  }

  return filled(await load(path, "node"));
}

function tooMuch(detail: string, hint: string): VirtError {
  return new VirtError("XML_ERROR", detail, { domain: "TEST", hint });
}

function mayRefer(parent: XmlElement, element: XmlElement): boolean {
  if (parent.name === "domain") return element.uri === TEST_NAMESPACE && localName(element) === "domainsnapshot";
  return REFERRING[parent.name]?.has(element.name) === true;
}

function localName({ name }: XmlElement): string {
  return name.slice(name.indexOf(":") + 1);
}
