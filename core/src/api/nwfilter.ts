import { array, i32, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { nwfilter, nwfilterBinding } from "./objects.js";
import { text } from "./types.js";
import { uuid } from "./uuid.js";

/** Network filters and their bindings. */
export const nwfilterApi = defineApi({
  nwFilterLookupByName: call(
    175,
    { name: text },
    { nwfilter: nwfilter },
    { acl: ["nwfilter:getattr"], priority: "high", shape: { returns: "nwfilter" } },
  ),
  nwFilterLookupByUUID: call(
    176,
    { uuid: uuid },
    { nwfilter: nwfilter },
    { acl: ["nwfilter:getattr"], priority: "high", shape: { returns: "nwfilter" } },
  ),
  nwFilterGetXMLDesc: call(
    177,
    { nwfilter: nwfilter, flags: u32 },
    { xml: text },
    { acl: ["nwfilter:read"], priority: "high", shape: { returns: "xml" } },
  ),
  connectNumOfNWFilters: call(
    178,
    {},
    { num: i32 },
    { acl: ["connect:search_nwfilters"], aclFilter: "nwfilter:getattr", priority: "high", shape: { returns: "num" } },
  ),
  connectListNWFilters: call(
    179,
    { maxnames: i32 },
    { names: array(text, LIMITS.nwfilterList) },
    {
      acl: ["connect:search_nwfilters"],
      aclFilter: "nwfilter:getattr",
      priority: "high",
      shape: { upTo: "names", limit: "maxnames" },
    },
  ),
  nwFilterDefineXML: call(
    180,
    { xml: text },
    { nwfilter: nwfilter },
    { acl: ["nwfilter:write", "nwfilter:save"], priority: "high", shape: { returns: "nwfilter" } },
  ),
  nwFilterUndefine: call(181, { nwfilter: nwfilter }, {}, { acl: ["nwfilter:delete"], priority: "high" }),
  connectListAllNWFilters: call(
    286,
    { needResults: i32, flags: u32 },
    { filters: array(nwfilter, LIMITS.nwfilterList), ret: u32 },
    { acl: ["connect:search_nwfilters"], aclFilter: "nwfilter:getattr", priority: "high", shape: { list: "filters" } },
  ),
  nwFilterBindingLookupByPortDev: call(
    397,
    { name: text },
    { nwfilter: nwfilterBinding },
    { acl: ["nwfilter_binding:getattr"], priority: "high", shape: { returns: "nwfilter" } },
  ),
  nwFilterBindingGetXMLDesc: call(
    398,
    { nwfilter: nwfilterBinding, flags: u32 },
    { xml: text },
    { acl: ["nwfilter_binding:read"], priority: "high", shape: { returns: "xml" } },
  ),
  nwFilterBindingCreateXML: call(
    399,
    { xml: text, flags: u32 },
    { nwfilter: nwfilterBinding },
    { acl: ["nwfilter_binding:create"], priority: "high", shape: { returns: "nwfilter" } },
  ),
  nwFilterBindingDelete: call(
    400,
    { nwfilter: nwfilterBinding },
    {},
    { acl: ["nwfilter_binding:delete"], priority: "high" },
  ),
  connectListAllNWFilterBindings: call(
    401,
    { needResults: i32, flags: u32 },
    { bindings: array(nwfilterBinding, LIMITS.nwfilterBindingList), ret: u32 },
    {
      acl: ["connect:search_nwfilter_bindings"],
      aclFilter: "nwfilter_binding:getattr",
      priority: "high",
      shape: { list: "bindings" },
    },
  ),
  nwFilterDefineXMLFlags: call(
    431,
    { xml: text, flags: u32 },
    { nwfilter: nwfilter },
    { acl: ["nwfilter:write", "nwfilter:save"], priority: "high", shape: { returns: "nwfilter" } },
  ),
});

export interface NwfilterHandlers extends HandlersOf<typeof nwfilterApi> {}
