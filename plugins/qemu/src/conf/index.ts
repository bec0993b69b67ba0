export { assignAddresses, placeLive } from "./address/index.js";
export { assignAliases } from "./alias.js";
export { withLiveAlias } from "./alias-live.js";
export { checkFits } from "./check-device.js";
export { type ConfFolders, withoutMadeUpPath } from "./domain-defaults.js";
export { qemuHooks } from "./hooks.js";
export { type HostAudio, type HostFacts, THIS_HOST } from "./host-facts.js";
export { migratable } from "./migratable.js";
export { validateDefinition } from "./validate/index.js";
