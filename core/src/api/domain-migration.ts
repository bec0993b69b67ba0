import { array, i32, opaque, optional, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { domain, text, typedParam } from "./types.js";

/** Migration, in all versions of its protocol. */
export const domainMigrationApi = defineApi({
  domainMigratePrepare: call(
    61,
    { uriIn: optional(text), flags: u64, dname: optional(text), resource: u64 },
    { cookie: opaque(LIMITS.migrateCookie), uriOut: optional(text) },
    { acl: ["domain:migrate", "domain:start", "domain:write"] },
  ),
  domainMigratePerform: call(
    62,
    { dom: domain, cookie: opaque(LIMITS.migrateCookie), uri: text, flags: u64, dname: optional(text), resource: u64 },
    {},
    { acl: ["domain:migrate"] },
  ),
  domainMigrateFinish: call(
    63,
    { dname: text, cookie: opaque(LIMITS.migrateCookie), uri: text, flags: u64 },
    { ddom: domain },
    { acl: ["domain:migrate"], shape: { returns: "ddom" } },
  ),
  domainMigratePrepare2: call(
    108,
    { uriIn: optional(text), flags: u64, dname: optional(text), resource: u64, domXml: text },
    { cookie: opaque(LIMITS.migrateCookie), uriOut: optional(text) },
    { acl: ["domain:migrate", "domain:start", "domain:write"] },
  ),
  domainMigrateFinish2: call(
    109,
    { dname: text, cookie: opaque(LIMITS.migrateCookie), uri: text, flags: u64, retcode: i32 },
    { ddom: domain },
    { acl: ["domain:migrate"], shape: { returns: "ddom" } },
  ),
  domainMigratePrepareTunnel: call(
    148,
    { flags: u64, dname: optional(text), resource: u64, domXml: text },
    {},
    { acl: ["domain:migrate", "domain:start", "domain:write"], stream: "write" },
  ),
  domainMigrateSetMaxDowntime: call(166, { dom: domain, downtime: u64, flags: u32 }, {}, { acl: ["domain:migrate"] }),
  domainMigrateSetMaxSpeed: call(207, { dom: domain, bandwidth: u64, flags: u32 }, {}, { acl: ["domain:migrate"] }),
  domainMigrateBegin3: call(
    213,
    { dom: domain, xmlin: optional(text), flags: u64, dname: optional(text), resource: u64 },
    { cookieOut: opaque(LIMITS.migrateCookie), xml: text },
    { acl: ["domain:migrate"] },
  ),
  domainMigratePrepare3: call(
    214,
    {
      cookieIn: opaque(LIMITS.migrateCookie),
      uriIn: optional(text),
      flags: u64,
      dname: optional(text),
      resource: u64,
      domXml: text,
    },
    { cookieOut: opaque(LIMITS.migrateCookie), uriOut: optional(text) },
    { acl: ["domain:migrate", "domain:start", "domain:write"] },
  ),
  domainMigratePrepareTunnel3: call(
    215,
    { cookieIn: opaque(LIMITS.migrateCookie), flags: u64, dname: optional(text), resource: u64, domXml: text },
    { cookieOut: opaque(LIMITS.migrateCookie) },
    { acl: ["domain:migrate", "domain:start", "domain:write"], stream: "write" },
  ),
  domainMigratePerform3: call(
    216,
    {
      dom: domain,
      xmlin: optional(text),
      cookieIn: opaque(LIMITS.migrateCookie),
      dconnuri: optional(text),
      uri: optional(text),
      flags: u64,
      dname: optional(text),
      resource: u64,
    },
    { cookieOut: opaque(LIMITS.migrateCookie) },
    { acl: ["domain:migrate"], shape: { returns: "cookieOut" } },
  ),
  domainMigrateFinish3: call(
    217,
    {
      dname: text,
      cookieIn: opaque(LIMITS.migrateCookie),
      dconnuri: optional(text),
      uri: optional(text),
      flags: u64,
      cancelled: i32,
    },
    { dom: domain, cookieOut: opaque(LIMITS.migrateCookie) },
    { acl: ["domain:migrate"] },
  ),
  domainMigrateConfirm3: call(
    218,
    { dom: domain, cookieIn: opaque(LIMITS.migrateCookie), flags: u64, cancelled: i32 },
    {},
    { acl: ["domain:migrate"] },
  ),
  domainMigrateGetMaxSpeed: call(
    242,
    { dom: domain, flags: u32 },
    { bandwidth: u64 },
    { acl: ["domain:migrate"], shape: { returns: "bandwidth" } },
  ),
  domainMigrateGetCompressionCache: call(
    299,
    { dom: domain, flags: u32 },
    { cacheSize: u64 },
    { acl: ["domain:migrate"], shape: { returns: "cacheSize" } },
  ),
  domainMigrateSetCompressionCache: call(
    300,
    { dom: domain, cacheSize: u64, flags: u32 },
    {},
    { acl: ["domain:migrate"] },
  ),
  domainMigrateBegin3Params: call(
    302,
    { dom: domain, params: array(typedParam, LIMITS.domainMigrateParamList), flags: u32 },
    { cookieOut: opaque(LIMITS.migrateCookie), xml: text },
    { acl: ["domain:migrate"] },
  ),
  domainMigratePrepare3Params: call(
    303,
    { params: array(typedParam, LIMITS.domainMigrateParamList), cookieIn: opaque(LIMITS.migrateCookie), flags: u32 },
    { cookieOut: opaque(LIMITS.migrateCookie), uriOut: optional(text) },
    { acl: ["domain:migrate", "domain:start", "domain:write"] },
  ),
  domainMigratePrepareTunnel3Params: call(
    304,
    { params: array(typedParam, LIMITS.domainMigrateParamList), cookieIn: opaque(LIMITS.migrateCookie), flags: u32 },
    { cookieOut: opaque(LIMITS.migrateCookie) },
    { acl: ["domain:migrate", "domain:start", "domain:write"], stream: "write" },
  ),
  domainMigratePerform3Params: call(
    305,
    {
      dom: domain,
      dconnuri: optional(text),
      params: array(typedParam, LIMITS.domainMigrateParamList),
      cookieIn: opaque(LIMITS.migrateCookie),
      flags: u32,
    },
    { cookieOut: opaque(LIMITS.migrateCookie) },
    { acl: ["domain:migrate"], shape: { returns: "cookieOut" } },
  ),
  domainMigrateFinish3Params: call(
    306,
    {
      params: array(typedParam, LIMITS.domainMigrateParamList),
      cookieIn: opaque(LIMITS.migrateCookie),
      flags: u32,
      cancelled: i32,
    },
    { dom: domain, cookieOut: opaque(LIMITS.migrateCookie) },
    { acl: ["domain:migrate"] },
  ),
  domainMigrateConfirm3Params: call(
    307,
    {
      dom: domain,
      params: array(typedParam, LIMITS.domainMigrateParamList),
      cookieIn: opaque(LIMITS.migrateCookie),
      flags: u32,
      cancelled: i32,
    },
    {},
    { acl: ["domain:migrate"] },
  ),
  domainMigrateStartPostCopy: call(364, { dom: domain, flags: u32 }, {}, { acl: ["domain:migrate"] }),
  domainMigrateGetMaxDowntime: call(
    387,
    { dom: domain, flags: u32 },
    { downtime: u64 },
    { acl: ["domain:migrate"], shape: { returns: "downtime" } },
  ),
});

export interface DomainMigrationHandlers extends HandlersOf<typeof domainMigrationApi> {}
