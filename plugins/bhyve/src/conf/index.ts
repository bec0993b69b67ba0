export { type BhyveHostFacts, bhyveCapabilities } from "./capabilities.js";
export type { BhyveFeature, BhyveFeatures } from "./features.js";
export { bhyveHooks } from "./hooks.js";
export { BHYVE_NAMESPACE, extraArguments } from "./namespace.js";
