export {
  type DurableFile,
  type DurableFs,
  removeFile,
  removeTemporaries,
  writeFileAtomic,
  writeLinkAtomic,
} from "./atomic.js";
export { DomainRegistry, type Registered } from "./registry.js";
export { ALL_LIST_FILTERS, type Selectable, selectDomains } from "./select.js";
