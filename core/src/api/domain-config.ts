import { array, flag, i32, named, opaque, struct, u8, u16, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { domain, text } from "./types.js";

/** One virtual CPU: its number, state (0 offline, 1 running, 2 blocked), time used in nanoseconds, and host CPU. */
export interface VcpuInfo {
  readonly number: number;
  readonly state: number;
  readonly cpuTime: bigint | number;
  readonly cpu: number;
}
const vcpuInfo = named<VcpuInfo, VcpuInfo>(struct({ number: u32, state: i32, cpuTime: u64, cpu: i32 }));

/** One figure of a guest's memory: a member of `MEMORY_STAT` and its value in KiB (faults: a count). */
export interface MemoryStat {
  readonly tag: number;
  readonly val: bigint | number;
}
const memoryStat = named<MemoryStat, MemoryStat>(struct({ tag: i32, val: u64 }));

/** Calls that read a domain's configuration and state, and set memory, CPUs and autostart. */
export const domainConfigApi = defineApi({
  domainGetXMLDesc: call(
    14,
    { dom: domain, flags: u32 },
    { xml: text },
    {
      acl: ["domain:read", "domain:read_secure:VIR_DOMAIN_XML_SECURE", "domain:read_secure:VIR_DOMAIN_XML_MIGRATABLE"],
      shape: { returns: "xml" },
    },
  ),
  domainGetAutostart: call(
    15,
    { dom: domain },
    { autostart: flag },
    { acl: ["domain:read"], priority: "high", shape: { returns: "autostart" } },
  ),
  /** State, maximum and current memory in KiB, virtual CPUs, and CPU time used in nanoseconds. */
  domainGetInfo: call(
    16,
    { dom: domain },
    { state: u8, maxMem: u64, memory: u64, nrVirtCpu: u16, cpuTime: u64 },
    { acl: ["domain:read"] },
  ),
  /** In KiB. */
  domainGetMaxMemory: call(
    17,
    { dom: domain },
    { memory: u64 },
    { acl: ["domain:read"], priority: "high", shape: { returns: "memory" } },
  ),
  domainGetMaxVcpus: call(
    18,
    { dom: domain },
    { num: i32 },
    { acl: ["domain:read"], priority: "high", shape: { returns: "num" } },
  ),
  domainGetOSType: call(
    19,
    { dom: domain },
    { type: text },
    { acl: ["domain:read"], priority: "high", shape: { returns: "type" } },
  ),
  /** At most `maxinfo` CPUs; `cpumaps` has `maplen` bytes of host CPU bits for each of them. */
  domainGetVcpus: call(
    20,
    { dom: domain, maxinfo: i32, maplen: i32 },
    { info: array(vcpuInfo, LIMITS.vcpuInfo), cpumaps: opaque(LIMITS.cpuMaps) },
    { acl: ["domain:read"], priority: "high" },
  ),
  domainSetAutostart: call(29, { dom: domain, autostart: flag }, {}, { acl: ["domain:write"], priority: "high" }),
  /** In KiB. */
  domainSetMaxMemory: call(30, { dom: domain, memory: u64 }, {}, { acl: ["domain:write"], priority: "high" }),
  /** In KiB. */
  domainSetMemory: call(31, { dom: domain, memory: u64 }, {}, { acl: ["domain:write"] }),
  domainSetVcpus: call(32, { dom: domain, nvcpus: u32 }, {}, { acl: ["domain:write"] }),
  domainIsActive: call(
    150,
    { dom: domain },
    { active: flag },
    { acl: ["domain:read"], priority: "high", shape: { returns: "active" } },
  ),
  domainIsPersistent: call(
    151,
    { dom: domain },
    { persistent: flag },
    { acl: ["domain:read"], priority: "high", shape: { returns: "persistent" } },
  ),
  domainIsUpdated: call(
    202,
    { dom: domain },
    { updated: flag },
    { acl: ["domain:read"], priority: "high", shape: { returns: "updated" } },
  ),
  domainMemoryStats: call(
    159,
    { dom: domain, maxStats: u32, flags: u32 },
    { stats: array(memoryStat, LIMITS.memoryStats) },
    { acl: ["domain:read"], shape: { upTo: "stats", limit: "maxStats", max: LIMITS.memoryStats } },
  ),
  domainSetVcpusFlags: call(
    199,
    { dom: domain, nvcpus: u32, flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
        "domain:write:VIR_DOMAIN_VCPU_GUEST",
      ],
    },
  ),
  domainGetVcpusFlags: call(
    200,
    { dom: domain, flags: u32 },
    { num: i32 },
    { acl: ["domain:read", "domain:write:VIR_DOMAIN_VCPU_GUEST"], shape: { returns: "num" } },
  ),
  domainSetMemoryFlags: call(
    204,
    { dom: domain, memory: u64, flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  /** A member of `DOMAIN_STATE` and the reason why the domain is in it. */
  domainGetState: call(
    212,
    { dom: domain, flags: u32 },
    { state: i32, reason: i32 },
    { acl: ["domain:read"], priority: "high" },
  ),
});

export interface DomainConfigHandlers extends HandlersOf<typeof domainConfigApi> {}
