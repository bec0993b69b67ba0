import { i32, optional, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { domain, text } from "./types.js";
import { uuid } from "./uuid.js";

/** Calls that find a domain, define it, and carry it through its life. */
export const domainLifecycleApi = defineApi({
  domainCreate: call(9, { dom: domain }, {}, { acl: ["domain:start"] }),
  domainCreateXML: call(
    10,
    { xmlDesc: text, flags: u32 },
    { dom: domain },
    { acl: ["domain:write", "domain:start"], shape: { returns: "dom" } },
  ),
  domainDefineXML: call(
    11,
    { xml: text },
    { dom: domain },
    { acl: ["domain:write", "domain:save"], priority: "high", shape: { returns: "dom" } },
  ),
  domainDestroy: call(12, { dom: domain }, {}, { acl: ["domain:stop"], priority: "high" }),
  domainLookupByID: call(
    22,
    { id: i32 },
    { dom: domain },
    { acl: ["domain:getattr"], priority: "high", shape: { returns: "dom" } },
  ),
  domainLookupByName: call(
    23,
    { name: text },
    { dom: domain },
    { acl: ["domain:getattr"], priority: "high", shape: { returns: "dom" } },
  ),
  domainLookupByUUID: call(
    24,
    { uuid },
    { dom: domain },
    { acl: ["domain:getattr"], priority: "high", shape: { returns: "dom" } },
  ),
  domainReboot: call(
    27,
    { dom: domain, flags: u32 },
    {},
    { acl: ["domain:init_control", "domain:write:VIR_DOMAIN_REBOOT_GUEST_AGENT"] },
  ),
  domainResume: call(28, { dom: domain }, {}, { acl: ["domain:suspend"] }),
  domainShutdown: call(33, { dom: domain }, {}, { acl: ["domain:init_control"] }),
  domainSuspend: call(34, { dom: domain }, {}, { acl: ["domain:suspend"] }),
  domainUndefine: call(35, { dom: domain }, {}, { acl: ["domain:delete"], priority: "high" }),
  domainHasManagedSaveImage: call(
    183,
    { dom: domain, flags: u32 },
    { result: i32 },
    { acl: ["domain:read"], shape: { returns: "result" } },
  ),
  domainCreateWithFlags: call(
    196,
    { dom: domain, flags: u32 },
    { dom: domain },
    { acl: ["domain:start"], shape: { returns: "dom" } },
  ),
  domainUndefineFlags: call(231, { dom: domain, flags: u32 }, {}, { acl: ["domain:delete"], priority: "high" }),
  domainDestroyFlags: call(234, { dom: domain, flags: u32 }, {}, { acl: ["domain:stop"], priority: "high" }),
  domainReset: call(245, { dom: domain, flags: u32 }, {}, { acl: ["domain:reset"] }),
  domainShutdownFlags: call(
    258,
    { dom: domain, flags: u32 },
    {},
    { acl: ["domain:init_control", "domain:write:VIR_DOMAIN_SHUTDOWN_GUEST_AGENT"] },
  ),
  domainDefineXMLFlags: call(
    350,
    { xml: text, flags: u32 },
    { dom: domain },
    { acl: ["domain:write", "domain:save"], priority: "high", shape: { returns: "dom" } },
  ),
  /** A stream to the console or serial device named, or to the first. */
  domainOpenConsole: call(
    201,
    { dom: domain, devName: optional(text), flags: u32 },
    {},
    { acl: ["domain:open_device"], stream: "read" },
  ),
});

export interface DomainLifecycleHandlers extends HandlersOf<typeof domainLifecycleApi> {}
