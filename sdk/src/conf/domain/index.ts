export { type AbiOptions, checkAbiStability } from "./abi/index.js";
export { blankDomain, NO_DEVICES } from "./blank.js";
export {
  addController,
  addUsbController,
  assignControllerIndexes,
  maybeAddController,
  unusedControllerIndex,
} from "./controllers.js";
export {
  aliasOf,
  deviceOfAlias,
  findDevice,
  insertDevice,
  parseDevice,
  removeDevice,
  replaceDevice,
  sameChardev,
  samePlace,
} from "./device/index.js";
export { allDevices, mapDevices, mapEachDevice, withDevices } from "./devices.js";
export { type FormatOptions, formatDomain } from "./format/domain.js";
export type { DeviceMapping, DeviceOf, DomainHooks, DriverFeature, HookContext, NamespaceHooks } from "./hooks.js";
export * from "./model/index.js";
export { type NamespacePrefix, passThroughNamespace } from "./namespaces.js";
export { diskNameIndex, insertController, insertDisk } from "./order.js";
export { VIRT_TYPES } from "./parse/domain.js";
export { PROCESS_CAPABILITIES } from "./parse/features.js";
export { completeDomain, type ParseOptions, parseDomain, readDomain } from "./read.js";
export { ARCHITECTURES, IO_TUNE_RATES, LIFECYCLE_ACTIONS } from "./words.js";
