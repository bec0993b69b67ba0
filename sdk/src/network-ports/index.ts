export {
  claimDevicePort,
  makePorts,
  type NetworkClient,
  type Networks,
  reclaimPorts,
  releaseDevicePort,
  releasePorts,
  withPortIds,
} from "./network-ports.js";
