export {
  type GuestLabel,
  labelWords,
  makeLabels,
  processLabels,
  releaseLabels,
  securityModels,
  setLabels,
} from "./labels.js";
export { leaseWords, releaseLeases, takeLeases } from "./leases.js";
export { makePorts, reclaimPorts, releasePorts, withPortIds } from "./network-ports.js";
export { type LockClient, type LogClient, type NetworkClient, type SecurityClient, Services } from "./services.js";
