export { firmwareFolderOf, type XenHost, xenCapabilities } from "./capabilities.js";
export { type DomainCapabilitiesWish, xenDomainCapabilities } from "./domain-capabilities.js";
export { xenHooks } from "./hooks.js";
export { emulatorArguments, emulatorArgumentsOf, XEN_NAMESPACE } from "./namespace.js";
