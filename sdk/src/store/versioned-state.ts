import { attr, attribute, childElements, type XmlAttribute, type XmlElement } from "../xml/index.js";

/**
 * What a program knows of the state files that it writes for itself. An upgrade may be taken back, so version N has to read
 * what N+1 has written: what is new in N+1 goes into fields of its own at the top level, which N keeps though it does not know
 * them, and `since` stays N. Only where a reader of version N would do harm, `since` is raised, one release after `version`.
 */
export interface StateFormat {
  /** Of what is written now. */
  readonly version: number;
  /** The oldest version whose programs may read what is written now. */
  readonly since: number;
  /** The oldest files that this program reads. */
  readonly oldest: number;
  /** The fields that this program knows: of XML the root's attributes and elements, of JSON the keys. */
  readonly known: readonly string[];
}

/** What is wrong with a file's version for this program; `undefined` where it may be read. */
export function versionProblem(format: StateFormat, version: number, since: number = version): string | undefined {
  if (!Number.isInteger(version) || version < format.oldest) return `version ${version} of the file is not known here`;
  if (version > format.version && since > format.version)
    return `version ${version} of the file is not known here: it is for programs of version ${since} and later`;
  return undefined;
}

/** Fields of a later version, which go into the file again. */
export interface ForeignXml {
  readonly attributes: readonly XmlAttribute[];
  readonly elements: readonly XmlElement[];
}

export const NO_FOREIGN_XML: ForeignXml = { attributes: [], elements: [] };

const VERSION_FIELDS: ReadonlySet<string> = new Set(["version", "since"]);

/** What is wrong with the version of a state file in XML. */
export function xmlVersionProblem(root: XmlElement, format: StateFormat): string | undefined {
  const version = Number(attribute(root, "version") ?? 0);
  return versionProblem(format, version, Number(attribute(root, "since") ?? version));
}

export function foreignXml(root: XmlElement, { known }: StateFormat): ForeignXml {
  const isForeign = ({ name }: { readonly name: string }) => !VERSION_FIELDS.has(name) && !known.includes(name);
  return { attributes: root.attributes.filter(isForeign), elements: childElements(root).filter(isForeign) };
}

/** The root's attributes that say the version, and those that are foreign. The writer writes the foreign elements. */
export function stateAttributes({ version, since }: StateFormat, foreign: ForeignXml): string {
  const others = foreign.attributes.map(({ name, value }) => attr(name, value)).join("");
  return `${attr("version", version)}${attr("since", since)}${others}`;
}

export type JsonFields = Readonly<Record<string, unknown>>;

/** A state file in JSON: the fields that are known, those that are not, and what is wrong with its version. */
export function readJsonState(
  text: string,
  format: StateFormat,
): { readonly fields: JsonFields; readonly foreign: JsonFields; readonly problem: string | undefined } {
  const { version = 0, since = version, ...all } = JSON.parse(text) as Record<string, unknown>;
  const part = (isKnown: boolean) =>
    Object.fromEntries(Object.entries(all).filter(([key]) => format.known.includes(key) === isKnown));
  return { fields: part(true), foreign: part(false), problem: versionProblem(format, Number(version), Number(since)) };
}

export function jsonState({ version, since }: StateFormat, fields: JsonFields, foreign: JsonFields): string {
  return `${JSON.stringify({ version, since, ...foreign, ...fields }, undefined, 2)}\n`;
}
