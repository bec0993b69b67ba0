export { attachLive } from "./attach.js";
export { attachConfig, detachConfig, updateConfig } from "./config.js";
export { detachLive } from "./detach.js";
export type { Environment } from "./environment.js";
export { liveEnvironment } from "./live-environment.js";
export { pluggingIn } from "./plugging.js";
export { reconcileDevices } from "./reconcile.js";
export { removeUnplugged } from "./unplug.js";
export { updateLive } from "./update.js";
