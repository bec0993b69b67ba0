export { type LxcHost, lxcCapabilities } from "./capabilities.js";
export { type LxcConfig, parseLxcConfig } from "./config.js";
export { lxcHooks } from "./hooks.js";
export { LXC_NAMESPACE } from "./namespace.js";
