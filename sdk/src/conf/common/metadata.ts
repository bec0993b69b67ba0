import { isElement, withoutBlanks, type XmlAttribute, type XmlElement } from "../../xml/index.js";

/**
 * `<metadata>` as it is kept and printed: one element of each namespace, none without a namespace, and the namespaces
 * that the document declares further out, on `root`, declared here.
 */
export function keepMetadata(metadata: XmlElement, root?: XmlElement): XmlElement {
  const declared = new Map<string, string>();
  const kept = declarationsFirst(withoutBlanks(metadata), undefined, declared);
  const seen = new Set<string>();
  const children = kept.children.filter((node) => {
    if (!isElement(node) || node.uri === "" || seen.has(node.uri)) return false;
    seen.add(node.uri);
    return true;
  });
  // an attribute does not know its namespace, as an element does
  const outer = [...declared].flatMap(([name, uri]): XmlAttribute[] => {
    const value = uri === "" ? root?.attributes.find((each) => each.name === name)?.value : uri;
    return value === undefined ? [] : [{ name, value }];
  });
  return { ...kept, attributes: [...outer, ...kept.attributes], children };
}

/** The names of declarations in force, innermost first. */
interface Scope {
  readonly outer: Scope | undefined;
  readonly names: ReadonlySet<string>;
}

function isDeclared(scope: Scope | undefined, name: string): boolean {
  for (let each = scope; each !== undefined; each = each.outer) {
    if (each.names.has(name)) return true;
  }
  return false;
}

function isDeclaration({ name }: XmlAttribute): boolean {
  return name === "xmlns" || name.startsWith("xmlns:");
}

/** Puts declarations in front of other attributes, as libxml2 prints them, and collects those that are missing. */
function declarationsFirst(element: XmlElement, outer: Scope | undefined, missing: Map<string, string>): XmlElement {
  const declarations = element.attributes.filter(isDeclaration);
  const scope = declarations.length === 0 ? outer : { outer, names: new Set(declarations.map(({ name }) => name)) };
  const colon = element.name.indexOf(":");
  const own = colon < 0 ? "xmlns" : `xmlns:${element.name.slice(0, colon)}`;
  if (element.uri !== "" && !isDeclared(scope, own)) missing.set(own, element.uri);
  const others =
    declarations.length === 0 ? element.attributes : element.attributes.filter((each) => !isDeclaration(each));
  for (const { name } of others) {
    const prefix = /^([^:]+):/.exec(name)?.[1];
    const declaration = `xmlns:${prefix}`;
    if (prefix === undefined || prefix === "xml" || isDeclared(scope, declaration)) continue;
    if (!missing.has(declaration)) missing.set(declaration, "");
  }
  if (element.children.length === 0 && (declarations.length === 0 || others.length === 0)) return element;
  const children = element.children.map((node) => (isElement(node) ? declarationsFirst(node, scope, missing) : node));
  return { ...element, attributes: [...declarations, ...others], children };
}
