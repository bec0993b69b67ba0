import { array, fixedChars, flag, i32, optional, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { domain, domainStats, text } from "./types.js";

/** Calls about a connection and the host behind it. */
export const connectApi = defineApi({
  connectOpen: call(
    1,
    { name: optional(text), flags: u32 },
    {},
    { acl: ["connect:getattr"], priority: "high", by: "session" },
  ),
  connectClose: call(2, {}, {}, { acl: ["none"], priority: "high", by: "session" }),
  /** The hypervisor's name as users know it, such as `QEMU`. */
  connectGetType: call(
    3,
    {},
    { type: text },
    { acl: ["connect:getattr"], priority: "high", shape: { returns: "type" } },
  ),
  /** The hypervisor's version: 1 000 000 * major + 1 000 * minor + release. */
  connectGetVersion: call(
    4,
    {},
    { hvVer: u64 },
    { acl: ["connect:getattr"], priority: "high", shape: { returns: "hvVer" } },
  ),
  connectGetMaxVcpus: call(
    5,
    { type: optional(text) },
    { maxVcpus: i32 },
    { acl: ["connect:read"], priority: "high", shape: { returns: "maxVcpus" } },
  ),
  /** The host's CPU model, memory in KiB, CPUs, MHz and topology (sockets per node, cores per socket, threads per core). */
  nodeGetInfo: call(
    6,
    {},
    { model: fixedChars(32), memory: u64, cpus: i32, mhz: i32, nodes: i32, sockets: i32, cores: i32, threads: i32 },
    { acl: ["connect:read"], priority: "high" },
  ),
  /** The capabilities document. */
  connectGetCapabilities: call(
    7,
    {},
    { capabilities: text },
    { acl: ["connect:read"], shape: { returns: "capabilities" } },
  ),
  connectListDefinedDomains: call(
    21,
    { maxnames: i32 },
    { names: array(text, LIMITS.domains) },
    {
      acl: ["connect:search_domains"],
      aclFilter: "domain:getattr",
      priority: "high",
      shape: { upTo: "names", limit: "maxnames" },
    },
  ),
  connectNumOfDefinedDomains: call(
    25,
    {},
    { num: i32 },
    { acl: ["connect:search_domains"], aclFilter: "domain:getattr", priority: "high", shape: { returns: "num" } },
  ),
  connectListDomains: call(
    37,
    { maxids: i32 },
    { ids: array(i32, LIMITS.domains) },
    {
      acl: ["connect:search_domains"],
      aclFilter: "domain:getattr",
      priority: "high",
      shape: { upTo: "ids", limit: "maxids" },
    },
  ),
  connectNumOfDomains: call(
    51,
    {},
    { num: i32 },
    { acl: ["connect:search_domains"], aclFilter: "domain:getattr", priority: "high", shape: { returns: "num" } },
  ),
  connectGetHostname: call(
    59,
    {},
    { hostname: text },
    { acl: ["connect:getattr"], priority: "high", shape: { returns: "hostname" } },
  ),
  connectSupportsFeature: call(
    60,
    { feature: i32 },
    { supported: i32 },
    { acl: ["connect:getattr"], priority: "high", by: "session", shape: { returns: "supported" } },
  ),
  authList: call(
    66,
    {},
    { types: array(i32, LIMITS.authTypes) },
    { acl: ["none"], priority: "high", by: "session", shape: { returns: "types" } },
  ),
  /** The host's free memory in bytes. */
  nodeGetFreeMemory: call(
    102,
    {},
    { freeMem: u64 },
    { acl: ["connect:read"], priority: "high", shape: { returns: "freeMem" } },
  ),
  connectDomainEventRegister: call(
    105,
    {},
    { cbRegistered: i32 },
    {
      acl: ["connect:search_domains"],
      aclFilter: "domain:getattr",
      priority: "high",
      by: "session",
      shape: { returns: "cbRegistered" },
    },
  ),
  connectDomainEventDeregister: call(
    106,
    {},
    { cbRegistered: i32 },
    { acl: ["connect:read"], priority: "high", by: "session", shape: { returns: "cbRegistered" } },
  ),
  /** The canonical URI, such as `qemu:///system`, whatever socket the client came by. */
  connectGetURI: call(
    110,
    {},
    { uri: text },
    { acl: ["connect:getattr"], priority: "high", by: "session", shape: { returns: "uri" } },
  ),
  connectIsSecure: call(
    149,
    {},
    { secure: flag },
    { acl: ["none"], priority: "high", by: "session", shape: { returns: "secure" } },
  ),
  connectGetLibVersion: call(
    157,
    {},
    { libVer: u64 },
    { acl: ["connect:getattr"], priority: "high", by: "session", shape: { returns: "libVer" } },
  ),
  connectDomainEventRegisterAny: call(
    167,
    { eventID: i32 },
    {},
    { acl: ["connect:search_domains"], aclFilter: "domain:getattr", priority: "high", by: "session" },
  ),
  connectDomainEventDeregisterAny: call(
    168,
    { eventID: i32 },
    {},
    { acl: ["connect:read"], priority: "high", by: "session" },
  ),
  /** The host's SMBIOS data as a sysinfo document. */
  connectGetSysinfo: call(
    203,
    { flags: u32 },
    { sysinfo: text },
    { acl: ["connect:read"], priority: "high", shape: { returns: "sysinfo" } },
  ),
  connectListAllDomains: call(
    273,
    { needResults: i32, flags: u32 },
    { domains: array(domain, LIMITS.domains), ret: u32 },
    { acl: ["connect:search_domains"], aclFilter: "domain:getattr", priority: "high", shape: { list: "domains" } },
  ),
  connectDomainEventCallbackRegisterAny: call(
    316,
    { eventID: i32, dom: optional(domain) },
    { callbackID: i32 },
    {
      acl: ["connect:search_domains"],
      aclFilter: "domain:getattr",
      priority: "high",
      by: "session",
      shape: { returns: "callbackID" },
    },
  ),
  connectDomainEventCallbackDeregisterAny: call(
    317,
    { callbackID: i32 },
    {},
    { acl: ["connect:read"], priority: "high", by: "session" },
  ),
  /** The statistics groups in `stats` (0: all) of the domains named, or of all that `flags` select where none is. */
  connectGetAllDomainStats: call(
    344,
    { doms: array(domain, LIMITS.domains), stats: u32, flags: u32 },
    { retStats: array(domainStats, LIMITS.domains) },
    { acl: ["connect:search_domains"], aclFilter: "domain:read", shape: { returns: "retStats" } },
  ),
  connectRegisterCloseCallback: call(360, {}, {}, { acl: ["connect:getattr"], priority: "high", by: "session" }),
  connectUnregisterCloseCallback: call(361, {}, {}, { acl: ["connect:getattr"], priority: "high", by: "session" }),
});

export interface ConnectHandlers extends HandlersOf<typeof connectApi> {}
