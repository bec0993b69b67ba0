export { discover, type Places } from "./discover.js";
export { checkNeeds, importEntry, type Offer, PluginError } from "./load.js";
export { type BadManifest, isBad, type Manifest } from "./manifest.js";
