export { formatStatusDocument, type StatusParts } from "./format.js";
export { DOMAIN_TAINTS, type DomainTaint, type StatusDocument, type StatusFrame } from "./model.js";
export { parseStatusDocument } from "./parse.js";
export {
  DOMAIN_STATE_NAMES,
  type DomainStateName,
  type DomainStateNumbers,
  type DomainStateWords,
  stateNumbers,
  stateOfNumbers,
} from "./states.js";
