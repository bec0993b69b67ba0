export * from "./contracts/index.js";
export * from "./hypervisor/index.js";
export * from "./kit/index.js";
