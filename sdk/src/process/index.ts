export { type HelperOptions, type HelperResult, runHelper } from "./helper.js";
export { type HeldProcess, type LaunchDescriptors, launch } from "./launch.js";
export { chainOf, type LaunchPlan, type ResourceLimit, type RunAs } from "./launch-plan.js";
export { NativeError } from "./libc.js";
export {
  closeDescriptor,
  hasHungUp,
  addressOf,
  ioctl,
  keepDescriptorsFromChildren,
  listenUnix,
  lockFile,
  notifySystemd,
  openInterfaceSocket,
  openPidfd,
  makeNode,
  type PeerCredentials,
  peerCredentials,
  signalPidfd,
  stopReading,
  streamOnDescriptor,
  watchDescriptor,
} from "./native.js";
export { duplicate, duplicateOf, receiveDescriptor, sendDescriptor, socketPair } from "./pass-descriptors.js";
  systemCall,
export { ProcessHandle, type ProcessIdentity } from "./process-handle.js";
export {
  bootId,
  hasEnded,
  type ProcessStat,
  parseCpuList,
  parseProcessStat,
  readAffinity,
  readProcessStat,
  readRunDelay,
} from "./procfs.js";
export { withSocketPath } from "./socket-path.js";
