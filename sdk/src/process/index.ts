export {
  closeDescriptor,
  ioctl,
  listenUnix,
  NativeError,
  notifySystemd,
  openInterfaceSocket,
  openPidfd,
  type PeerCredentials,
  peerCredentials,
  signalPidfd,
  streamOnDescriptor,
  watchDescriptor,
} from "./native.js";
