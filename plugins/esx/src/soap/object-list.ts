import type { XmlElement } from "@polyvisor/sdk/xml";
import { ObjectContent, Value } from "./reply.js";

/** One part of a list, and the way to the next one. */
export interface ObjectList {
  readonly objects: readonly ObjectContent[];
  readonly token: string | undefined;
}

const BEGIN = /<RetrievePropertiesExResponse xmlns="urn:vim25"><returnval>(?:<token>([^<&]*)<\/token>)?/y;
const OBJECT = /<objects><obj type="([A-Za-z]+)">([^<&]*)<\/obj>/y;
const PROPERTY = /<propSet><name>([A-Za-z.]+)<\/name><val((?:\s[^>]*)?)>([^<&>]*)<\/val><\/propSet>/y;
const END_OF_OBJECT = /<\/objects>/y;
const END = /<\/returnval><\/RetrievePropertiesExResponse>/y;
/** A value that is a managed object has a type of its own, beside that of the element. */
const IS_OBJECT = /\stype=/;

/**
 * Reads what long lists look like: objects with properties that are plain text. To read them as any document takes ten times as
 * long. Whatever looks otherwise, be it in one character, gives `undefined`: then it is to be read as any document.
 */
export function readPlainObjects(body: string): ObjectList | undefined {
  BEGIN.lastIndex = body.indexOf("<RetrievePropertiesExResponse");
  if (BEGIN.lastIndex < 0) return undefined;
  const begin = BEGIN.exec(body);
  if (begin === null) return undefined;
  const objects: ObjectContent[] = [];
  let at = BEGIN.lastIndex;
  for (;;) {
    OBJECT.lastIndex = at;
    const object = OBJECT.exec(body);
    if (object === null) break;
    at = OBJECT.lastIndex;
    const properties = new Map<string, Value>();
    for (;;) {
      PROPERTY.lastIndex = at;
      const property = PROPERTY.exec(body);
      if (property === null) break;
      const [, name = "", attributes = "", text = ""] = property;
      if (IS_OBJECT.test(attributes)) return undefined;
      properties.set(name, new Value(plainElement(text)));
      at = PROPERTY.lastIndex;
    }
    END_OF_OBJECT.lastIndex = at;
    if (!END_OF_OBJECT.test(body)) return undefined;
    at = END_OF_OBJECT.lastIndex;
    objects.push(new ObjectContent({ type: object[1] ?? "", value: object[2] ?? "" }, properties));
  }
  END.lastIndex = at;
  return END.test(body) ? { objects, token: begin[1] } : undefined;
}

function plainElement(text: string): XmlElement {
  return { name: "val", uri: "urn:vim25", attributes: [], children: [text], line: 1, column: 1 };
}
