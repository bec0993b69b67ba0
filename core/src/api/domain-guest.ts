import { array, i32, i64, optional, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { fileSystemInfo, guestInterface } from "./records.js";
import { domain, text, typedParam } from "./types.js";

/** What a guest's agent can tell and do. */
export const domainGuestApi = defineApi({
  domainGetHostname: call(
    277,
    { dom: domain, flags: u32 },
    { hostname: text },
    { acl: ["domain:write"], shape: { returns: "hostname" } },
  ),
  domainFSTrim: call(
    294,
    { dom: domain, mountPoint: optional(text), minimum: u64, flags: u32 },
    {},
    { acl: ["domain:fs_trim"] },
  ),
  domainFSFreeze: call(
    335,
    { dom: domain, mountpoints: array(text, LIMITS.domainFsfreezeMountpoints), flags: u32 },
    { filesystems: i32 },
    { acl: ["domain:fs_freeze"], shape: { returns: "filesystems" } },
  ),
  domainFSThaw: call(
    336,
    { dom: domain, mountpoints: array(text, LIMITS.domainFsfreezeMountpoints), flags: u32 },
    { filesystems: i32 },
    { acl: ["domain:fs_freeze"], shape: { returns: "filesystems" } },
  ),
  domainGetTime: call(337, { dom: domain, flags: u32 }, { seconds: i64, nseconds: u32 }, { acl: ["domain:write"] }),
  domainSetTime: call(338, { dom: domain, seconds: i64, nseconds: u32, flags: u32 }, {}, { acl: ["domain:set_time"] }),
  domainGetFSInfo: call(
    349,
    { dom: domain, flags: u32 },
    { info: array(fileSystemInfo, LIMITS.domainFsinfo), ret: u32 },
    { acl: ["domain:fs_freeze"], shape: { list: "info" } },
  ),
  domainInterfaceAddresses: call(
    353,
    { dom: domain, source: u32, flags: u32 },
    { ifaces: array(guestInterface, LIMITS.domainInterface) },
    {
      acl: ["domain:read", "domain:write::source:VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT"],
      shape: { returns: "ifaces" },
    },
  ),
  domainSetUserPassword: call(
    357,
    { dom: domain, user: optional(text), password: optional(text), flags: u32 },
    {},
    { acl: ["domain:set_password"] },
  ),
  domainGetGuestVcpus: call(
    371,
    { dom: domain, flags: u32 },
    { params: array(typedParam, LIMITS.domainGuestVcpuParams) },
    { acl: ["domain:write"], shape: { returns: "params" } },
  ),
  domainSetGuestVcpus: call(372, { dom: domain, cpumap: text, state: i32, flags: u32 }, {}, { acl: ["domain:write"] }),
  domainGetGuestInfo: call(
    418,
    { dom: domain, types: u32, flags: u32 },
    { params: array(typedParam, LIMITS.domainGuestInfoParams) },
    { acl: ["domain:write"], shape: { returns: "params" } },
  ),
  domainAgentSetResponseTimeout: call(
    420,
    { dom: domain, timeout: i32, flags: u32 },
    { result: i32 },
    { acl: ["domain:write"], shape: { returns: "result" } },
  ),
  domainAuthorizedSSHKeysGet: call(
    424,
    { dom: domain, user: text, flags: u32 },
    { keys: array(text, LIMITS.domainAuthorizedSshKeys) },
    { acl: ["domain:write"], shape: { returns: "keys" } },
  ),
  domainAuthorizedSSHKeysSet: call(
    425,
    { dom: domain, user: text, keys: array(text, LIMITS.domainAuthorizedSshKeys), flags: u32 },
    {},
    { acl: ["domain:write"] },
  ),
});

export interface DomainGuestHandlers extends HandlersOf<typeof domainGuestApi> {}
