import { array, optional, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { domain, text, typedParam } from "./types.js";

/** Saving a domain to a file, and bringing it back. */
export const domainSaveApi = defineApi({
  domainCoreDump: call(53, { dom: domain, to: text, flags: u32 }, {}, { acl: ["domain:core_dump"] }),
  domainRestore: call(54, { from: text }, {}, { acl: ["domain:start", "domain:write"] }),
  domainSave: call(55, { dom: domain, to: text }, {}, { acl: ["domain:hibernate"] }),
  domainManagedSave: call(182, { dom: domain, flags: u32 }, {}, { acl: ["domain:hibernate"] }),
  domainManagedSaveRemove: call(184, { dom: domain, flags: u32 }, {}, { acl: ["domain:hibernate"] }),
  domainSaveFlags: call(
    232,
    { dom: domain, to: text, dxml: optional(text), flags: u32 },
    {},
    { acl: ["domain:hibernate"] },
  ),
  domainRestoreFlags: call(
    233,
    { from: text, dxml: optional(text), flags: u32 },
    {},
    { acl: ["domain:start", "domain:write"] },
  ),
  domainSaveImageGetXMLDesc: call(
    235,
    { file: text, flags: u32 },
    { xml: text },
    { acl: ["domain:write"], priority: "high", shape: { returns: "xml" } },
  ),
  domainSaveImageDefineXML: call(
    236,
    { file: text, dxml: text, flags: u32 },
    {},
    { acl: ["domain:write", "domain:hibernate"], priority: "high" },
  ),
  domainCoreDumpWithFormat: call(
    334,
    { dom: domain, to: text, dumpformat: u32, flags: u32 },
    {},
    { acl: ["domain:core_dump"] },
  ),
  domainManagedSaveGetXMLDesc: call(
    388,
    { dom: domain, flags: u32 },
    { xml: text },
    { acl: ["domain:read", "domain:read_secure:VIR_DOMAIN_SAVE_IMAGE_XML_SECURE"], shape: { returns: "xml" } },
  ),
  domainManagedSaveDefineXML: call(
    389,
    { dom: domain, dxml: optional(text), flags: u32 },
    {},
    { acl: ["domain:write", "domain:hibernate"] },
  ),
  domainSaveParams: call(
    440,
    { dom: domain, params: array(typedParam, LIMITS.domainSaveParams), flags: u32 },
    {},
    { acl: ["domain:hibernate"] },
  ),
  domainRestoreParams: call(
    441,
    { params: array(typedParam, LIMITS.domainSaveParams), flags: u32 },
    {},
    { acl: ["domain:start", "domain:write"] },
  ),
});

export interface DomainSaveHandlers extends HandlersOf<typeof domainSaveApi> {}
