import { array, i32, i64, opaque, optional, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { diskError } from "./records.js";
import { domain, text, typedParam } from "./types.js";

/** A domain's disks: resizing, copying, merging, limits and statistics. */
export const domainBlockApi = defineApi({
  domainBlockStats: call(
    64,
    { dom: domain, path: text },
    { rdReq: i64, rdBytes: i64, wrReq: i64, wrBytes: i64, errs: i64 },
    { acl: ["domain:read"] },
  ),
  domainBlockPeek: call(
    103,
    { dom: domain, path: text, offset: u64, size: u32, flags: u32 },
    { buffer: opaque(LIMITS.domainBlockPeekBuffer) },
    { acl: ["domain:block_read"], shape: { returns: "buffer" } },
  ),
  domainGetBlockInfo: call(
    194,
    { dom: domain, path: text, flags: u32 },
    { allocation: u64, capacity: u64, physical: u64 },
    { acl: ["domain:read"] },
  ),
  domainBlockJobAbort: call(237, { dom: domain, path: text, flags: u32 }, {}, { acl: ["domain:write"] }),
  domainGetBlockJobInfo: call(
    238,
    { dom: domain, path: text, flags: u32 },
    { found: i32, type: i32, bandwidth: u64, cur: u64, end: u64 },
    { acl: ["domain:read"] },
  ),
  domainBlockJobSetSpeed: call(
    239,
    { dom: domain, path: text, bandwidth: u64, flags: u32 },
    {},
    { acl: ["domain:write"] },
  ),
  domainBlockPull: call(
    240,
    { dom: domain, path: text, bandwidth: u64, flags: u32 },
    {},
    { acl: ["domain:block_write"] },
  ),
  domainBlockStatsFlags: call(
    243,
    { dom: domain, path: text, nparams: i32, flags: u32 },
    { params: array(typedParam, LIMITS.domainBlockStatsParameters), nparams: i32 },
    { acl: ["domain:read"], shape: { sized: "params", count: "nparams", max: LIMITS.domainBlockStatsParameters } },
  ),
  domainBlockResize: call(251, { dom: domain, disk: text, size: u64, flags: u32 }, {}, { acl: ["domain:block_write"] }),
  domainSetBlockIoTune: call(
    252,
    { dom: domain, disk: text, params: array(typedParam, LIMITS.domainBlockIoTuneParameters), flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainGetBlockIoTune: call(
    253,
    { dom: domain, disk: optional(text), nparams: i32, flags: u32 },
    { params: array(typedParam, LIMITS.domainBlockIoTuneParameters), nparams: i32 },
    { acl: ["domain:read"], shape: { sized: "params", count: "nparams", max: LIMITS.domainBlockIoTuneParameters } },
  ),
  domainGetDiskErrors: call(
    263,
    { dom: domain, maxerrors: u32, flags: u32 },
    { errors: array(diskError, LIMITS.domainDiskErrors), nerrors: i32 },
    { acl: ["domain:read"] },
  ),
  domainBlockRebase: call(
    266,
    { dom: domain, path: text, base: optional(text), bandwidth: u64, flags: u32 },
    {},
    { acl: ["domain:block_write"] },
  ),
  domainBlockCommit: call(
    290,
    { dom: domain, disk: text, base: optional(text), top: optional(text), bandwidth: u64, flags: u32 },
    {},
    { acl: ["domain:block_write"] },
  ),
  domainBlockCopy: call(
    345,
    { dom: domain, path: text, destxml: text, params: array(typedParam, LIMITS.domainBlockCopyParameters), flags: u32 },
    {},
    { acl: ["domain:block_write"] },
  ),
  domainSetBlockThreshold: call(
    386,
    { dom: domain, dev: text, threshold: u64, flags: u32 },
    {},
    { acl: ["domain:write"] },
  ),
});

export interface DomainBlockHandlers extends HandlersOf<typeof domainBlockApi> {}
