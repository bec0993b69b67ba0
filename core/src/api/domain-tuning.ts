import { array, i32, i64, opaque, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { ioThreadInfo } from "./records.js";
import { domain, text, typedParam } from "./types.js";

/** CPU, memory, I/O and network limits, pinning and statistics. */
export const domainTuningApi = defineApi({
  domainPinVcpu: call(26, { dom: domain, vcpu: u32, cpumap: opaque(LIMITS.cpumap) }, {}, { acl: ["domain:write"] }),
  domainGetSchedulerType: call(56, { dom: domain }, { type: text, nparams: i32 }, { acl: ["domain:read"] }),
  domainGetSchedulerParameters: call(
    57,
    { dom: domain, nparams: i32 },
    { params: array(typedParam, LIMITS.domainSchedulerParameters) },
    { acl: ["domain:read"], shape: { returns: "params" } },
  ),
  domainSetSchedulerParameters: call(
    58,
    { dom: domain, params: array(typedParam, LIMITS.domainSchedulerParameters) },
    {},
    { writes: true, acl: ["domain:read"] },
  ),
  domainInterfaceStats: call(
    65,
    { dom: domain, device: text },
    { rxBytes: i64, rxPackets: i64, rxErrs: i64, rxDrop: i64, txBytes: i64, txPackets: i64, txErrs: i64, txDrop: i64 },
    { acl: ["domain:read"], priority: "high" },
  ),
  domainSetMemoryParameters: call(
    197,
    { dom: domain, params: array(typedParam, LIMITS.domainMemoryParameters), flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainGetMemoryParameters: call(
    198,
    { dom: domain, nparams: i32, flags: u32 },
    { params: array(typedParam, LIMITS.domainMemoryParameters), nparams: i32 },
    { acl: ["domain:read"], shape: { sized: "params", count: "nparams", max: LIMITS.domainMemoryParameters } },
  ),
  domainSetBlkioParameters: call(
    205,
    { dom: domain, params: array(typedParam, LIMITS.domainBlkioParameters), flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainGetBlkioParameters: call(
    206,
    { dom: domain, nparams: i32, flags: u32 },
    { params: array(typedParam, LIMITS.domainBlkioParameters), nparams: i32 },
    { acl: ["domain:read"], shape: { sized: "params", count: "nparams", max: LIMITS.domainBlkioParameters } },
  ),
  domainSetSchedulerParametersFlags: call(
    219,
    { dom: domain, params: array(typedParam, LIMITS.domainSchedulerParameters), flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainGetSchedulerParametersFlags: call(
    223,
    { dom: domain, nparams: i32, flags: u32 },
    { params: array(typedParam, LIMITS.domainSchedulerParameters) },
    { acl: ["domain:read"], shape: { returns: "params" } },
  ),
  domainPinVcpuFlags: call(
    225,
    { dom: domain, vcpu: u32, cpumap: opaque(LIMITS.cpumap), flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainGetControlInfo: call(
    229,
    { dom: domain, flags: u32 },
    { state: u32, details: u32, stateTime: u64 },
    { acl: ["domain:read"], priority: "high" },
  ),
  domainGetVcpuPinInfo: call(
    230,
    { dom: domain, ncpumaps: i32, maplen: i32, flags: u32 },
    { cpumaps: opaque(LIMITS.cpumaps), num: i32 },
    { acl: ["domain:read"] },
  ),
  domainSetNumaParameters: call(
    254,
    { dom: domain, params: array(typedParam, LIMITS.domainNumaParameters), flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainGetNumaParameters: call(
    255,
    { dom: domain, nparams: i32, flags: u32 },
    { params: array(typedParam, LIMITS.domainNumaParameters), nparams: i32 },
    { acl: ["domain:read"], shape: { sized: "params", count: "nparams", max: LIMITS.domainNumaParameters } },
  ),
  domainSetInterfaceParameters: call(
    256,
    { dom: domain, device: text, params: array(typedParam, LIMITS.domainInterfaceParameters), flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainGetInterfaceParameters: call(
    257,
    { dom: domain, device: text, nparams: i32, flags: u32 },
    { params: array(typedParam, LIMITS.domainInterfaceParameters), nparams: i32 },
    { acl: ["domain:read"], shape: { sized: "params", count: "nparams", max: LIMITS.domainInterfaceParameters } },
  ),
  domainGetCPUStats: call(
    262,
    { dom: domain, nparams: u32, startCpu: i32, ncpus: u32, flags: u32 },
    { params: array(typedParam, LIMITS.domainGetCPUStats), nparams: i32 },
    { acl: ["domain:read"] },
  ),
  domainPinEmulator: call(
    279,
    { dom: domain, cpumap: opaque(LIMITS.cpumap), flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainGetEmulatorPinInfo: call(
    280,
    { dom: domain, maplen: i32, flags: u32 },
    { cpumaps: opaque(LIMITS.cpumaps), ret: i32 },
    { acl: ["domain:read"], shape: { list: "cpumaps" } },
  ),
  domainSetMemoryStatsPeriod: call(
    308,
    { dom: domain, period: i32, flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainGetIOThreadInfo: call(
    351,
    { dom: domain, flags: u32 },
    { info: array(ioThreadInfo, LIMITS.iothreadInfo), ret: u32 },
    { acl: ["domain:read"], shape: { list: "info" } },
  ),
  domainPinIOThread: call(
    352,
    { dom: domain, iothreadsId: u32, cpumap: opaque(LIMITS.cpumap), flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainAddIOThread: call(
    355,
    { dom: domain, iothreadId: u32, flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainDelIOThread: call(
    356,
    { dom: domain, iothreadId: u32, flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainGetPerfEvents: call(
    365,
    { dom: domain, flags: u32 },
    { params: array(typedParam, LIMITS.domainPerfEvents) },
    { acl: ["domain:read"], shape: { returns: "params" } },
  ),
  domainSetPerfEvents: call(
    366,
    { dom: domain, params: array(typedParam, LIMITS.domainPerfEvents), flags: u32 },
    {},
    { acl: ["domain:write"] },
  ),
  domainSetVcpu: call(
    384,
    { dom: domain, cpumap: text, state: i32, flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainSetIOThreadParams: call(
    402,
    { dom: domain, iothreadId: u32, params: array(typedParam, LIMITS.domainIothreadParams), flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
});

export interface DomainTuningHandlers extends HandlersOf<typeof domainTuningApi> {}
