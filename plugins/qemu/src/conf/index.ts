export { assignAddresses } from "./address/index.js";
export { assignAliases } from "./alias.js";
export type { ConfFolders } from "./domain-defaults.js";
export { qemuHooks } from "./hooks.js";
export type { HostAudio, HostFacts } from "./host-facts.js";
export { resolveCpu } from "./running-cpu.js";
export { validateDefinition } from "./validate/index.js";
