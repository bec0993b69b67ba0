export {
  type DurableFile,
  type DurableFs,
  removeFile,
  removeTemporaries,
  writeFileAtomic,
  writeLinkAtomic,
} from "./atomic.js";
export { flagsOf, type ListFilter, type ListFilters, selectBy } from "./filters.js";
export { type ObjectReference, ObjectRegistry, type ObjectWords } from "./object-registry.js";
export { DomainRegistry, type Registered } from "./registry.js";
export { ALL_LIST_FILTERS, type Selectable, selectDomains } from "./select.js";
