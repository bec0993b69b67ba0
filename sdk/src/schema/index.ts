export { type CheckerOptions, SchemaChecker } from "./checker.js";
export { DOCUMENT_KINDS, type DocumentKind, type DocumentKindName } from "./kinds.js";
export { parseValidXml, type ValidateOptions } from "./validate.js";
