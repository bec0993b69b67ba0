export { type ConfigurationGiven, checkConfiguration, type PluginConfiguration } from "./configuration.js";
export { discover, type Places } from "./discover.js";
export { flagKey, listKey, type SectionKey, type SectionKeys } from "./keys.js";
export { checkNeeds, type HeldEntries, importEntry, type Offer } from "./load.js";
export { type BadManifest, isBad, type Manifest, readManifest, type SectionRules } from "./manifest.js";
export { type Mismatch, PLUGIN_PROBLEMS, PluginError, type PluginProblem, pageOf } from "./problem.js";
