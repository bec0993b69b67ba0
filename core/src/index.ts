export * from "./api/index.js";
export * from "./contracts/index.js";
export * from "./errors/index.js";
export { ANSWERS, type Answer, tell } from "./host/answers.js";
export { ownConnections } from "./host/compose.js";
export { Connection } from "./host/connection.js";
export { declaredCalls } from "./host/declared.js";
export { DomainHandle } from "./host/domain.js";
export { createHost } from "./host/host.js";
export type { DriverContract, Host, HostOptions } from "./host/interface.js";
export { checkReadOnly, handlerOf, notSupported, publicName } from "./host/invoke.js";
export type {
  Isolation,
  IsolationHost,
  PluginSupervisor,
  SupervisorState,
  SupervisorStatus,
} from "./host/isolation.js";
export { silentLog } from "./host/log.js";
export type { PluginOperations } from "./host/operate.js";
export { defaultPaths, rootPaths } from "./host/paths.js";
export type { PluginState, PluginStatus } from "./host/registry.js";
export { ChoiceError, type ProviderChoice } from "./host/services.js";
export type { HeldEntries, Manifest } from "./pluggable-loader/index.js";
export {
  type ConfigurationGiven,
  PLUGIN_PROBLEMS,
  PluginError,
  type PluginProblem,
  pageOf,
} from "./pluggable-loader/index.js";
export { formatUri, parseUri, type Uri, uriParam } from "./uri.js";
export * as xdr from "./xdr/index.js";
