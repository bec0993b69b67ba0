export { type LoginMechanisms, loginApi } from "./auth.js";
export type { CallContext, Identity, Log, MaybePromise } from "./context.js";
export { closeAll, Descriptor, whileOpen } from "./descriptor.js";
export type {
  Applicability,
  DomainEventSource,
  EventSubject,
  HypervisorConnection,
  HypervisorDriver,
  HypervisorHandlers,
  MonitorEventFilter,
  MonitorEventSource,
  ObjectEventSource,
  Unsubscribe,
} from "./driver.js";
export { LOCK_RESOURCE_FLAG, type LockManager, type LockOwner, type LockResource, lockApi } from "./lock.js";
export { type LogManager, logApi } from "./log-manager.js";
export type { ContractMap, ContractName, PluginProviders } from "./plugin.js";
export { providers } from "./plugin.js";
export type { AccessPolicy, ObjectAttributes, PolicyRequest } from "./policy.js";
export { type SecurityDriver, securityApi } from "./security.js";
export { HOST_INFO, type HostInfo, type HostPaths, LOG } from "./services.js";
export { wrapperRefusal } from "./wrapper.js";
