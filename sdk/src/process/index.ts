export { type Capability, lackedCapabilities } from "./capabilities.js";
export { type Claim, claim, claimKept, clearStale } from "./claim.js";
export { replaceProgram } from "./exec.js";
export { type HelperOptions, type HelperResult, runHelper } from "./helper.js";
export { type HeldProcess, type LaunchDescriptors, launch } from "./launch.js";
export { chainOf, type LaunchPlan, type ResourceLimit, type RunAs, UNSHARE } from "./launch-plan.js";
export { NativeError } from "./libc.js";
export {
  addressOf,
  closeDescriptor,
  descriptorOf,
  descriptorOfProcess,
  hasHungUp,
  ioctl,
  keepDescriptorsFromChildren,
  listenUnix,
  lockByte,
  lockFile,
  makeNode,
  notifySystemd,
  openInterfaceSocket,
  openPidfd,
  type PeerCredentials,
  peerCredentials,
  setAffinity,
  signalPidfd,
  stopReading,
  streamOnDescriptor,
  systemCall,
  watchDescriptor,
} from "./native.js";
export { duplicate, duplicateOf, receiveDescriptor, sendDescriptor, socketPair } from "./pass-descriptors.js";
export {
  bytesInPipe,
  isAtEnd,
  makePipe,
  moveToFile,
  PIPE_BYTES,
  type Pipe,
  peekIntoPipe,
  systemErrorText,
  takeFromPipe,
} from "./pipes.js";
export { ProcessHandle, type ProcessIdentity } from "./process-handle.js";
export {
  bootId,
  hasEnded,
  onlineCpus,
  type ProcessStat,
  parseCpuList,
  parseProcessStat,
  readAffinity,
  readProcessStat,
  readRunDelay,
} from "./procfs.js";
export { Readiness } from "./readiness.js";
export { plainShellWord, shellWord } from "./shell-word.js";
export { withSocketLabel } from "./socket-label.js";
export { withSocketPath } from "./socket-path.js";
export { StartError } from "./start-error.js";
