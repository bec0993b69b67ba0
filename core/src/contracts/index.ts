export { type LoginMechanisms, loginApi } from "./auth.js";
export type { CallContext, Identity, Log, MaybePromise } from "./context.js";
export { type Contract, contractId, type Former, type Stability } from "./contract.js";
export { CONTRACTS, type ServedApis, SUB_CONTRACTS } from "./contracts.js";
export { closeAll, Descriptor, whileOpen } from "./descriptor.js";
export type {
  Applicability,
  DomainEventSource,
  Driver,
  EventSubject,
  HypervisorConnection,
  HypervisorDriver,
  HypervisorHandlers,
  MonitorEventFilter,
  MonitorEventSource,
  ObjectEventSource,
  Probed,
  Unsubscribe,
} from "./driver.js";
export {
  type ContractClient,
  HOST_SERVICES,
  type HostServices,
  type NamedClient,
  type ServedContract,
  type SubClient,
  type SubContract,
} from "./host-services.js";
export { LOCK_RESOURCE_FLAG, type LockManager, type LockOwner, type LockResource, lockApi } from "./lock.js";
export { type LogManager, logApi } from "./log-manager.js";
export type { ContractMap, ContractName, PluginProviders } from "./plugin.js";
export { providers } from "./plugin.js";
export {
  type AccessPolicy,
  identity,
  type ObjectAttributes,
  type PolicyDriver,
  type PolicyRequest,
  policyApi,
} from "./policy.js";
export {
  type GuestUser,
  SECURITY_TARGET_KINDS,
  type SecurityDriver,
  type SecurityGuest,
  type SecurityTarget,
  type SecurityTargetKind,
  securityApi,
} from "./security.js";
export { HOST_INFO, type HostInfo, type HostPaths, LOG, PLUGIN_CONFIG, type PluginConfig } from "./services.js";
export {
  HYPERVISORS_NODE_DEVICE_CALLS,
  type InterfaceConnection,
  type InterfaceDriver,
  type NetworkConnection,
  type NetworkDriver,
  type NodeDeviceConnection,
  type NodeDeviceDriver,
  type NwfilterConnection,
  type NwfilterDriver,
  type SecretConnection,
  type SecretDriver,
  type StorageConnection,
  type StorageDriver,
  type SubConnection,
} from "./sub-drivers.js";
export { wrapperRefusal } from "./wrapper.js";
