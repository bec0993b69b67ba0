export { EMULATOR, echoGuest, hasEmulator } from "./echo-guest.js";
export { goldenCases, goldenData, testGoldenSuites } from "./golden.js";
export { hasLibvirtd, type PrivateLibvirtd, startLibvirtd } from "./libvirtd.js";
export { whyNoValidation } from "./validation.js";
export { askVirsh, hasVirsh90, type VirshAnswer } from "./virsh.js";
