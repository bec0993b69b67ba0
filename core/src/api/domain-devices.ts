import { u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { domain, text } from "./types.js";

/** Plugging devices in and out. */
export const domainDevicesApi = defineApi({
  domainAttachDevice: call(8, { dom: domain, xml: text }, {}, { acl: ["domain:write"] }),
  domainDetachDevice: call(13, { dom: domain, xml: text }, {}, { acl: ["domain:write"] }),
  domainAttachDeviceFlags: call(
    160,
    { dom: domain, xml: text, flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainDetachDeviceFlags: call(
    161,
    { dom: domain, xml: text, flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainUpdateDeviceFlags: call(
    174,
    { dom: domain, xml: text, flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  domainDetachDeviceAlias: call(
    392,
    { dom: domain, alias: text, flags: u32 },
    {},
    {
      acl: [
        "domain:write",
        "domain:save:!VIR_DOMAIN_AFFECT_CONFIG|VIR_DOMAIN_AFFECT_LIVE",
        "domain:save:VIR_DOMAIN_AFFECT_CONFIG",
      ],
    },
  ),
  /** The descriptors are a group by that name, which a disk of the domain may name instead of having a file opened. */
  domainFDAssociate: call(
    443,
    { dom: domain, name: text, flags: u32 },
    {},
    { acl: ["domain:write"], descriptors: "taken" },
  ),
});

export interface DomainDevicesHandlers extends HandlersOf<typeof domainDevicesApi> {}
