export { TestAuthority } from "./certificates.js";
export { EMULATOR, echoGuest, hasEmulator } from "./echo-guest.js";
export { goldenCases, goldenData, testGoldenSuites } from "./golden.js";
export { hasLibvirtd, type LibvirtdOptions, type PrivateLibvirtd, startLibvirtd } from "./libvirtd.js";
export { accepts, withinReason } from "./listening.js";
export { freePort } from "./port.js";
export { hasSanlock, makeDiskFolder, type PrivateSanlock, type SanlockOptions, startSanlock } from "./sanlock.js";
export { findSshd, type PrivateSshd, startSshd } from "./sshd.js";
export {
  type HostProcess,
  mayOpenSystemHost,
  openSystemHost,
  type RunOptions,
  type SystemHost,
} from "./system-host.js";
export { type SystemLibvirtd, type SystemLibvirtdOptions, startSystemLibvirtd } from "./system-libvirtd.js";
export { whyNoValidation } from "./validation.js";
export { askVirsh, hasVirsh90, type VirshAnswer } from "./virsh.js";
