export { nearest } from "@polyvisor/core";
export { isElement, type XmlAttribute, type XmlComment, type XmlElement, type XmlNode } from "./element.js";
export { ELEMENTS_MAX, outgrows } from "./excess.js";
export { usualHint } from "./hint.js";
export { parseXml, type XmlParseOptions } from "./parse.js";
export * from "./read.js";
export { serializeXml, withoutBlanks } from "./serialize.js";
export { attr, attrNonzero, escapeXml, XmlWriter } from "./writer.js";
