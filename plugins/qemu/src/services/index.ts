export { releaseDeviceLeases, takeDeviceLeases } from "./device-leases.js";
export { giveFolders } from "./guest-folders.js";
export {
  expectedUser,
  type GuestLabel,
  guestUser,
  labelDevice,
  labelWords,
  makeLabels,
  processLabels,
  releaseLabels,
  reserveLabels,
  type SecurityModel,
  type SocketLabels,
  securityModels,
  setLabels,
  socketLabels,
  unlabelDevice,
} from "./labels.js";
export { leasesSettled, leaseWords, releaseForgottenLeases, releaseLeases, takeLeases } from "./leases.js";
export { type LockClient, type LogClient, type SecurityClient, Services } from "./services.js";
