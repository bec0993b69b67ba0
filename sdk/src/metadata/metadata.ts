import { VirtError } from "@polyvisor/core";
import type { Domain as Config } from "../conf/domain/index.js";
import { isElement, parseXml, serializeXml, withoutBlanks, type XmlElement } from "../xml/index.js";

/** The kinds of metadata, by libvirt's numbers. */
const DESCRIPTION = 0;
const TITLE = 1;
const ELEMENT = 2;
/** What libxml2 takes for a prefix. */
const PREFIX = /^[\p{L}_][\p{L}\p{N}\p{M}._-]*$/u;

/** What is written there about a domain. Fails with `NO_DOMAIN_METADATA` where nothing is, `INVALID_ARG` for another type. */
export function metadataOf(config: Config, type: number, uri: string): string {
  checkMetadataType(type);
  const found = findMetadata(config, type, uri);
  if (found !== undefined) return found;
  throw new VirtError("NO_DOMAIN_METADATA", "Requested metadata element is not present", {
    domain: "DOMAIN",
    hint: "`dumpxml` shows what is there",
  });
}

function findMetadata(config: Config, type: number, uri: string): string | undefined {
  if (type === DESCRIPTION) return config.description;
  if (type === TITLE) return config.title;
  const found = elementsOf(config).find((element) => element.uri === uri);
  return found === undefined ? undefined : serializeXml(withoutNamespace(found, uri));
}

/** What `domainSetMetadata` says; without a `text` what is there goes. */
export interface MetadataChange {
  readonly type: number;
  readonly text: string | undefined;
  /** The prefix and the URI of an element's namespace. */
  readonly key: string;
  readonly uri: string;
}

/** `check`: throws what may not be an element. */
export function withMetadata(
  config: Config,
  { type, text, key, uri }: MetadataChange,
  check?: (element: XmlElement) => void,
): Config {
  checkMetadataType(type);
  if (type === DESCRIPTION) return { ...config, description: text || undefined };
  if (type === TITLE) return { ...config, title: text || undefined };
  const element = text === undefined ? undefined : withNamespace(text, key, uri);
  if (element !== undefined) check?.(element);
  const others = elementsOf(config).filter((each) => each.uri !== uri);
  const [before] = config.metadata ?? [];
  if (element === undefined && before === undefined) return config;
  const around = before ?? { name: "metadata", uri: "", attributes: [], line: 0, column: 0 };
  return { ...config, metadata: [{ ...around, children: element === undefined ? others : [...others, element] }] };
}

/** What stands in `<metadata>`. */
function elementsOf({ metadata }: Config): readonly XmlElement[] {
  return (metadata ?? []).flatMap(({ children }) => children.filter(isElement));
}

/** Elements without a namespace get the one under which the document is kept. */
function withNamespace(xml: string, key: string, uri: string): XmlElement {
  const root = withoutBlanks(parseXml(xml, { documentName: "(metadata_xml)", errorDomain: "DOMAIN" }));
  if (!PREFIX.test(key)) {
    const detail = "failed to validate prefix for a new XML namespace";
    throw new VirtError("INTERNAL_ERROR", detail, { domain: "XML", hint: "give a key that can be a prefix" });
  }
  const named = mapElements(root, (element) =>
    element.uri === "" ? { ...element, name: `${key}:${element.name}`, uri } : element,
  );
  return { ...named, attributes: [{ name: `xmlns:${key}`, value: uri }, ...named.attributes] };
}

function withoutNamespace(root: XmlElement, uri: string): XmlElement {
  const bare = mapElements(root, (element) =>
    element.uri === uri ? { ...element, name: element.name.replace(/^.*:/, ""), uri: "" } : element,
  );
  const declaration = bare.attributes.find(({ name, value }) => /^xmlns(:|$)/.test(name) && value === uri);
  return { ...bare, attributes: bare.attributes.filter((attribute) => attribute !== declaration) };
}

function mapElements(element: XmlElement, change: (element: XmlElement) => XmlElement): XmlElement {
  const children = element.children.map((node) => (isElement(node) ? mapElements(node, change) : node));
  return change({ ...element, children });
}

function checkMetadataType(type: number): void {
  if (type >= DESCRIPTION && type <= ELEMENT) return;
  throw new VirtError("INVALID_ARG", `unknown metadata type '${type}'`, {
    domain: "DOMAIN",
    hint: "0 is the description, 1 the title, 2 an element",
  });
}
