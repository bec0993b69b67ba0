import { array, chars, i32, opaque, optional, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { namedCount } from "./records.js";
import { text, typedParam } from "./types.js";

/** The host: CPU, memory, security models, capabilities. */
export const hostApi = defineApi({
  nodeGetCellsFreeMemory: call(
    101,
    { startCell: i32, maxcells: i32 },
    { cells: array(u64, LIMITS.nodeMaxCells) },
    { acl: ["connect:read"], priority: "high", shape: { returns: "cells" } },
  ),
  nodeGetSecurityModel: call(
    122,
    {},
    { model: chars(LIMITS.securityModel), doi: chars(LIMITS.securityDoi) },
    { acl: ["connect:read"], priority: "high" },
  ),
  connectDomainXMLFromNative: call(
    135,
    { nativeFormat: text, nativeConfig: text, flags: u32 },
    { domainXml: text },
    { acl: ["connect:write"], shape: { returns: "domainXml" } },
  ),
  connectDomainXMLToNative: call(
    136,
    { nativeFormat: text, domainXml: text, flags: u32 },
    { nativeConfig: text },
    { acl: ["connect:write"], shape: { returns: "nativeConfig" } },
  ),
  connectCompareCPU: call(
    158,
    { xml: text, flags: u32 },
    { result: i32 },
    { acl: ["connect:read"], priority: "high", shape: { returns: "result" } },
  ),
  connectBaselineCPU: call(
    162,
    { xmlCPUs: array(text, LIMITS.cpuBaseline), flags: u32 },
    { cpu: text },
    { acl: ["connect:read"], shape: { returns: "cpu" } },
  ),
  nodeGetCPUStats: call(
    227,
    { cpuNum: i32, nparams: i32, flags: u32 },
    { params: array(namedCount, LIMITS.nodeCpuStats), nparams: i32 },
    { acl: ["connect:read"], priority: "high", shape: { sized: "params", count: "nparams", max: LIMITS.nodeCpuStats } },
  ),
  nodeGetMemoryStats: call(
    228,
    { nparams: i32, cellNum: i32, flags: u32 },
    { params: array(namedCount, LIMITS.nodeMemoryStats), nparams: i32 },
    {
      acl: ["connect:read"],
      priority: "high",
      shape: { sized: "params", count: "nparams", max: LIMITS.nodeMemoryStats },
    },
  ),
  nodeSuspendForDuration: call(250, { target: u32, duration: u64, flags: u32 }, {}, { acl: ["connect:pm_control"] }),
  nodeSetMemoryParameters: call(
    288,
    { params: array(typedParam, LIMITS.nodeMemoryParameters), flags: u32 },
    {},
    { acl: ["connect:write"] },
  ),
  nodeGetMemoryParameters: call(
    289,
    { nparams: i32, flags: u32 },
    { params: array(typedParam, LIMITS.nodeMemoryParameters), nparams: i32 },
    { acl: ["connect:read"], shape: { sized: "params", count: "nparams", max: LIMITS.nodeMemoryParameters } },
  ),
  nodeGetCPUMap: call(
    293,
    { needMap: i32, needOnline: i32, flags: u32 },
    { cpumap: opaque(LIMITS.cpumap), online: u32, ret: i32 },
    { acl: ["connect:read"] },
  ),
  connectGetCPUModelNames: call(
    312,
    { arch: text, needResults: i32, flags: u32 },
    { models: array(text, LIMITS.connectCpuModels), ret: i32 },
    { acl: ["connect:read"], shape: { list: "models" } },
  ),
  nodeGetFreePages: call(
    340,
    { pages: array(u32, LIMITS.nodeMaxCells), startCell: i32, cellCount: u32, flags: u32 },
    { counts: array(u64, LIMITS.nodeMaxCells) },
    { acl: ["connect:read"], priority: "high", shape: { returns: "counts" } },
  ),
  connectGetDomainCapabilities: call(
    342,
    {
      emulatorbin: optional(text),
      arch: optional(text),
      machine: optional(text),
      virttype: optional(text),
      flags: u32,
    },
    { capabilities: text },
    { acl: ["connect:write"], shape: { returns: "capabilities" } },
  ),
  nodeAllocPages: call(
    347,
    {
      pageSizes: array(u32, LIMITS.nodeMaxCells),
      pageCounts: array(u64, LIMITS.nodeMaxCells),
      startCell: i32,
      cellCount: u32,
      flags: u32,
    },
    { ret: i32 },
    { acl: ["connect:write"], shape: { returns: "ret" } },
  ),
  connectCompareHypervisorCPU: call(
    393,
    {
      emulator: optional(text),
      arch: optional(text),
      machine: optional(text),
      virttype: optional(text),
      xmlCPU: text,
      flags: u32,
    },
    { result: i32 },
    { acl: ["connect:write"], shape: { returns: "result" } },
  ),
  connectBaselineHypervisorCPU: call(
    394,
    {
      emulator: optional(text),
      arch: optional(text),
      machine: optional(text),
      virttype: optional(text),
      xmlCPUs: array(text, LIMITS.cpuBaseline),
      flags: u32,
    },
    { cpu: text },
    { acl: ["connect:write"], shape: { returns: "cpu" } },
  ),
  nodeGetSEVInfo: call(
    395,
    { nparams: i32, flags: u32 },
    { params: array(typedParam, LIMITS.nodeSevInfo), nparams: i32 },
    { writes: true, acl: ["connect:read"], shape: { sized: "params", count: "nparams", max: LIMITS.nodeSevInfo } },
  ),
});

export interface HostHandlers extends HandlersOf<typeof hostApi> {}
