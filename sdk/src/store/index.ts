export {
  type DurableFile,
  type DurableFs,
  removeFile,
  removeTemporaries,
  replaceFile,
  writeFileAtomic,
  writeLinkAtomic,
} from "./atomic.js";
export { flagsOf, type ListFilter, type ListFilters, selectBy } from "./filters.js";
export { makeFolders } from "./make-folders.js";
export { type ObjectReference, ObjectRegistry, type ObjectWords } from "./object-registry.js";
export { DomainRegistry, type Registered } from "./registry.js";
export { ALL_LIST_FILTERS, type Selectable, selectDomains } from "./select.js";
export {
  type ForeignXml,
  foreignXml,
  type JsonFields,
  jsonState,
  NO_FOREIGN_XML,
  readJsonState,
  type StateFormat,
  stateAttributes,
  versionProblem,
  xmlVersionProblem,
} from "./versioned-state.js";
