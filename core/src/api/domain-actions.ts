import { array, chars, i32, i64, opaque, optional, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { securityLabel } from "./records.js";
import { domain, text, typedParam } from "./types.js";

/** What else can be done with a domain: its screen, keys, metadata, labels, native configurations. */
export const domainActionsApi = defineApi({
  domainMemoryPeek: call(
    104,
    { dom: domain, offset: u64, size: u32, flags: u32 },
    { buffer: opaque(LIMITS.domainMemoryPeekBuffer) },
    { acl: ["domain:mem_read"], shape: { returns: "buffer" } },
  ),
  domainGetSecurityLabel: call(
    121,
    { dom: domain },
    { label: chars(LIMITS.securityLabel), enforcing: i32 },
    { acl: ["domain:read"], priority: "high" },
  ),
  domainInjectNMI: call(210, { dom: domain, flags: u32 }, {}, { acl: ["domain:inject_nmi"] }),
  domainScreenshot: call(
    211,
    { dom: domain, screen: u32, flags: u32 },
    { mime: optional(text) },
    { acl: ["domain:screenshot"], stream: "read" },
  ),
  domainSendKey: call(
    226,
    { dom: domain, codeset: u32, holdtime: u32, keycodes: array(u32, LIMITS.domainSendKey), flags: u32 },
    {},
    { acl: ["domain:send_input"] },
  ),
  /** The descriptor is a socket, which becomes a connection to the screen with the number `idx`. */
  domainOpenGraphics: call(
    249,
    { dom: domain, idx: u32, flags: u32 },
    {},
    { acl: ["domain:open_graphics"], descriptors: "taken" },
  ),
  domainPMSuspendForDuration: call(
    261,
    { dom: domain, target: u32, duration: u64, flags: u32 },
    {},
    { acl: ["domain:pm_control"] },
  ),
  domainSetMetadata: call(
    264,
    { dom: domain, type: i32, metadata: optional(text), key: optional(text), uri: optional(text), flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainGetMetadata: call(
    265,
    { dom: domain, type: i32, uri: optional(text), flags: u32 },
    { metadata: text },
    { acl: ["domain:read"], shape: { returns: "metadata" } },
  ),
  domainPMWakeup: call(267, { dom: domain, flags: u32 }, {}, { acl: ["domain:pm_control"] }),
  domainGetSecurityLabelList: call(
    278,
    { dom: domain },
    { labels: array(securityLabel, LIMITS.securityLabelList), ret: i32 },
    { acl: ["domain:read"], priority: "high", shape: { list: "labels" } },
  ),
  domainSendProcessSignal: call(
    295,
    { dom: domain, pidValue: i64, signum: u32, flags: u32 },
    {},
    { acl: ["domain:send_signal"] },
  ),
  domainOpenChannel: call(
    296,
    { dom: domain, name: optional(text), flags: u32 },
    {},
    { acl: ["domain:open_device"], stream: "read" },
  ),
  domainCreateXMLWithFiles: call(
    309,
    { xmlDesc: text, flags: u32 },
    { dom: domain },
    { acl: ["domain:write", "domain:start"], descriptors: "taken", shape: { returns: "dom" } },
  ),
  domainCreateWithFiles: call(
    310,
    { dom: domain, flags: u32 },
    { dom: domain },
    { acl: ["domain:start"], descriptors: "taken", shape: { returns: "dom" } },
  ),
  /** A connection to the screen with the number `idx`. */
  domainOpenGraphicsFD: call(
    343,
    { dom: domain, idx: u32, flags: u32 },
    {},
    { acl: ["domain:open_graphics"], descriptors: "given" },
  ),
  domainRename: call(
    358,
    { dom: domain, newName: optional(text), flags: u32 },
    { retcode: i32 },
    { acl: ["domain:write", "domain:save"], shape: { returns: "retcode" } },
  ),
  domainSetLifecycleAction: call(
    390,
    { dom: domain, type: u32, action: u32, flags: u32 },
    {},
    { acl: ["domain:write"] },
  ),
  domainGetLaunchSecurityInfo: call(
    396,
    { dom: domain, flags: u32 },
    { params: array(typedParam, LIMITS.domainLaunchSecurityInfoParams) },
    { writes: true, acl: ["domain:read"], shape: { returns: "params" } },
  ),
  domainGetMessages: call(
    426,
    { dom: domain, flags: u32 },
    { msgs: array(text, LIMITS.domainMessages) },
    { acl: ["domain:read"], shape: { returns: "msgs" } },
  ),
  domainSetLaunchSecurityState: call(
    439,
    { dom: domain, params: array(typedParam, LIMITS.domainLaunchSecurityStateParams), flags: u32 },
    {},
    { acl: ["domain:write"] },
  ),
});

export interface DomainActionsHandlers extends HandlersOf<typeof domainActionsApi> {}
