export { domainSchema } from "./check.js";
export { domainFromJson, domainToJson } from "./convert.js";
export type { DomainJson, NamespaceJson } from "./model.js";
