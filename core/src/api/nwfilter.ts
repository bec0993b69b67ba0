import { array, i32, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { nwfilter, nwfilterBinding } from "./objects.js";
import { text } from "./types.js";
import { uuid } from "./uuid.js";

/** Network filters and their bindings. */
export const nwfilterApi = defineApi({
  /** Finds a filter. Fails with `NO_NWFILTER`. */
  nwFilterLookupByName: call(
    175,
    { name: text },
    { nwfilter: nwfilter },
    { acl: ["nwfilter:getattr"], priority: "high", shape: { returns: "nwfilter" } },
  ),
  /**
   * Finds a filter; also called before each call that names one, so that permissions are checked on what is there.
   * Fails with `NO_NWFILTER`.
   */
  nwFilterLookupByUUID: call(
    176,
    { uuid: uuid },
    { nwfilter: nwfilter },
    { acl: ["nwfilter:getattr"], priority: "high", shape: { returns: "nwfilter" } },
  ),
  /** The filter's document. */
  nwFilterGetXMLDesc: call(
    177,
    { nwfilter: nwfilter, flags: u32 },
    { xml: text },
    { acl: ["nwfilter:read"], priority: "high", shape: { returns: "xml" } },
  ),
  /** How many filters there are. */
  connectNumOfNWFilters: call(
    178,
    {},
    { num: i32 },
    { acl: ["connect:search_nwfilters"], aclFilter: "nwfilter:getattr", priority: "high", shape: { returns: "num" } },
  ),
  /** Their names. */
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
  /**
   * Defines a filter, or changes it; the traffic of guests that have it is filtered anew at once, or everything stays
   * as it was.
   */
  nwFilterDefineXML: call(
    180,
    { xml: text },
    { nwfilter: nwfilter },
    { acl: ["nwfilter:write", "nwfilter:save"], priority: "high", shape: { returns: "nwfilter" } },
  ),
  /** Removes a filter. Fails with `OPERATION_INVALID` while a guest or another filter uses it. */
  nwFilterUndefine: call(181, { nwfilter: nwfilter }, {}, { acl: ["nwfilter:delete"], priority: "high" }),
  /** All filters. */
  connectListAllNWFilters: call(
    286,
    { needResults: i32, flags: u32 },
    { filters: array(nwfilter, LIMITS.nwfilterList), ret: u32 },
    { acl: ["connect:search_nwfilters"], aclFilter: "nwfilter:getattr", priority: "high", shape: { list: "filters" } },
  ),
  /** The binding of a device; also called before each call that names one. Fails with `NO_NWFILTER_BINDING`. */
  nwFilterBindingLookupByPortDev: call(
    397,
    { name: text },
    { nwfilter: nwfilterBinding },
    { acl: ["nwfilter_binding:getattr"], priority: "high", shape: { returns: "nwfilter" } },
  ),
  /** The binding's document: the guest, the device, the filter and its parameters. */
  nwFilterBindingGetXMLDesc: call(
    398,
    { nwfilter: nwfilterBinding, flags: u32 },
    { xml: text },
    { acl: ["nwfilter_binding:read"], priority: "high", shape: { returns: "xml" } },
  ),
  /**
   * Filters a device's traffic from now on: called by a hypervisor's driver before the guest's processors run. Fails
   * with `NO_NWFILTER`, with `OPERATION_FAILED` where the device has a binding.
   */
  nwFilterBindingCreateXML: call(
    399,
    { xml: text, flags: u32 },
    { nwfilter: nwfilterBinding },
    { acl: ["nwfilter_binding:create"], priority: "high", shape: { returns: "nwfilter" } },
  ),
  /** Ends that: called by a hypervisor's driver once the guest is off or the interface detached. */
  nwFilterBindingDelete: call(
    400,
    { nwfilter: nwfilterBinding },
    {},
    { acl: ["nwfilter_binding:delete"], priority: "high" },
  ),
  /** All bindings. */
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
  /** As `nwFilterDefineXML`; a flag has the document checked by the schema. */
  nwFilterDefineXMLFlags: call(
    431,
    { xml: text, flags: u32 },
    { nwfilter: nwfilter },
    { acl: ["nwfilter:write", "nwfilter:save"], priority: "high", shape: { returns: "nwfilter" } },
  ),
});

export interface NwfilterHandlers extends HandlersOf<typeof nwfilterApi> {}
