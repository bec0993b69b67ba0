export { isLooking, isNeeded, type Permission } from "./acl.js";
export { type AdminClient, type AdminHandlers, type AdminServer, adminApi } from "./admin.js";
export { type AuthHandlers, authApi } from "./auth.js";
export { type ConnectHandlers, connectApi } from "./connect.js";
export * from "./constants.js";
export type { ByteStream, Call, ClientOf, Gives, HandlersOf, Message, Shape, Takes } from "./define.js";
export { call, defineApi } from "./define.js";
export { type DomainActionsHandlers, domainActionsApi } from "./domain-actions.js";
export { type DomainBlockHandlers, domainBlockApi } from "./domain-block.js";
export { type DomainCheckpointHandlers, domainCheckpointApi } from "./domain-checkpoint.js";
export { type DomainConfigHandlers, domainConfigApi, type MemoryStat, type VcpuInfo } from "./domain-config.js";
export { type DomainDevicesHandlers, domainDevicesApi } from "./domain-devices.js";
export { type DomainGuestHandlers, domainGuestApi } from "./domain-guest.js";
export { type DomainJobHandlers, domainJobApi } from "./domain-job.js";
export { type DomainLifecycleHandlers, domainLifecycleApi } from "./domain-lifecycle.js";
export { type DomainMigrationHandlers, domainMigrationApi } from "./domain-migration.js";
export { type DomainSaveHandlers, domainSaveApi } from "./domain-save.js";
export { type DomainSnapshotHandlers, domainSnapshotApi } from "./domain-snapshot.js";
export { type DomainTuningHandlers, domainTuningApi } from "./domain-tuning.js";
export {
  connectionClosedEvent,
  DOMAIN_EVENT_KINDS,
  type DomainEvent,
  type DomainEventKind,
  type DomainEventSpec,
  domainEventKind,
  domainEvents,
  type LifecycleEvent,
} from "./events.js";
export { type EventsRegistrationHandlers, eventsRegistrationApi } from "./events-registration.js";
export { type HostHandlers, hostApi } from "./host.js";
export { type InterfaceHandlers, interfaceApi } from "./interface.js";
export { LIMITS } from "./limits.js";
export type { LeaseOwner } from "./lock.js";
export type { LoggedDomain, LogPosition } from "./log.js";
export { type LxcHandlers, lxcApi } from "./lxc.js";
export { LXC_EXIT_STATUS, lxcMonitorMessages } from "./lxc-monitor.js";
export { type NetworkHandlers, networkApi } from "./network.js";
export { type NodeDeviceHandlers, nodeDeviceApi } from "./node-device.js";
export { type NwfilterHandlers, nwfilterApi } from "./nwfilter.js";
export * from "./object-constants.js";
export {
  type EventObject,
  OBJECT_EVENT_KINDS,
  type ObjectEvent,
  type ObjectEventKind,
  type ObjectEventSpec,
  objectEventKind,
  objectEvents,
  objectKey,
} from "./object-events.js";
export * from "./objects.js";
export type { DomainJob, PluginProcess, PluginRecord, PolyvisorHandlers } from "./polyvisor.js";
export {
  adminProgram,
  type HypervisorApi,
  type HypervisorCallName,
  type HypervisorClient,
  hypervisorApi,
  keepaliveProgram,
  LIB_VERSION,
  lockProgram,
  logProgram,
  lxcMonitorProgram,
  lxcProgram,
  PROGRAMS,
  type Program,
  polyvisorProgram,
  qemuProgram,
  type RemoteProgramClient,
  remoteProgram,
} from "./programs.js";
export {
  type MonitorEvent,
  QEMU_AGENT_TIMEOUT,
  QEMU_MONITOR_COMMAND_FLAG,
  QEMU_MONITOR_EVENT_FLAG,
  type QemuHandlers,
  qemuApi,
  qemuMessages,
} from "./qemu.js";
export type {
  DhcpLease,
  DiskError,
  FileSystemInfo,
  GuestAddress,
  GuestInterface,
  IOThreadInfo,
  NamedCount,
  SecurityLabel,
} from "./records.js";
export { type SecretHandlers, secretApi } from "./secret.js";
export {
  argsToWire,
  descriptorAndReply,
  descriptorsAndReply,
  resultFromWire,
  resultToWire,
  streamAndReply,
  streamed,
  withDescriptor,
} from "./shape.js";
export { type StoragePoolHandlers, storagePoolApi } from "./storage-pool.js";
export { type StorageVolumeHandlers, storageVolumeApi } from "./storage-volume.js";
export { isHole, mayHaveHoles, type StreamChunk, type StreamHole } from "./stream-hole.js";
export {
  type Domain,
  DomainRef,
  type DomainStats,
  domain,
  type TypedParam,
  type TypedValue,
  text,
  typedParam,
} from "./types.js";
export { formatUuid, parseUuid, uuid } from "./uuid.js";
export { refusalIn, wireError, wireErrorOf } from "./wire-error.js";
