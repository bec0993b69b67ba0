export { isLooking, isNeeded, type Permission } from "./acl.js";
export { type ConnectHandlers, connectApi } from "./connect.js";
export * from "./constants.js";
export type { ByteStream, Call, ClientOf, HandlersOf } from "./define.js";
export { type DomainConfigHandlers, domainConfigApi, type MemoryStat, type VcpuInfo } from "./domain-config.js";
export { type DomainLifecycleHandlers, domainLifecycleApi } from "./domain-lifecycle.js";
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
export type { DomainJob, PolyvisorHandlers } from "./polyvisor.js";
export {
  type HypervisorApi,
  type HypervisorCallName,
  type HypervisorClient,
  hypervisorApi,
  keepaliveProgram,
  LIB_VERSION,
  PROGRAMS,
  type Program,
  polyvisorProgram,
  type RemoteProgramClient,
  remoteProgram,
} from "./programs.js";
export { argsToWire, resultFromWire, resultToWire } from "./shape.js";
export {
  type Domain,
  DomainRef,
  type DomainStats,
  domain,
  LIMITS,
  type TypedParam,
  type TypedValue,
  text,
  typedParam,
} from "./types.js";
export { formatUuid, parseUuid, uuid } from "./uuid.js";
export { wireError, wireErrorOf } from "./wire-error.js";
