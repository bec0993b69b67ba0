export { ERROR_DOMAINS, ERRORS, type ErrorDomain, type ErrorName } from "./codes.js";
export { type ErrorDetail, errorDomainOf, errorNameOf, VirtError, type WireErrorFields } from "./error.js";
export { checkFlags } from "./flags.js";
export { nearest } from "./nearest.js";
