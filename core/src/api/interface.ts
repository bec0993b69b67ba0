import { array, flag, i32, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { networkInterface } from "./objects.js";
import { text } from "./types.js";

/** The host's network interfaces. */
export const interfaceApi = defineApi({
  connectNumOfInterfaces: call(
    126,
    {},
    { num: i32 },
    { acl: ["connect:search_interfaces"], aclFilter: "interface:getattr", priority: "high", shape: { returns: "num" } },
  ),
  connectListInterfaces: call(
    127,
    { maxnames: i32 },
    { names: array(text, LIMITS.interfaceList) },
    {
      acl: ["connect:search_interfaces"],
      aclFilter: "interface:getattr",
      priority: "high",
      shape: { upTo: "names", limit: "maxnames" },
    },
  ),
  interfaceLookupByName: call(
    128,
    { name: text },
    { iface: networkInterface },
    { acl: ["interface:getattr"], priority: "high", shape: { returns: "iface" } },
  ),
  interfaceLookupByMACString: call(
    129,
    { mac: text },
    { iface: networkInterface },
    { acl: ["interface:getattr"], priority: "high", shape: { returns: "iface" } },
  ),
  interfaceGetXMLDesc: call(
    130,
    { iface: networkInterface, flags: u32 },
    { xml: text },
    { acl: ["interface:read"], shape: { returns: "xml" } },
  ),
  interfaceDefineXML: call(
    131,
    { xml: text, flags: u32 },
    { iface: networkInterface },
    { acl: ["interface:write", "interface:save"], priority: "high", shape: { returns: "iface" } },
  ),
  interfaceUndefine: call(132, { iface: networkInterface }, {}, { acl: ["interface:delete"], priority: "high" }),
  interfaceCreate: call(133, { iface: networkInterface, flags: u32 }, {}, { acl: ["interface:start"] }),
  interfaceDestroy: call(
    134,
    { iface: networkInterface, flags: u32 },
    {},
    { acl: ["interface:stop"], priority: "high" },
  ),
  connectNumOfDefinedInterfaces: call(
    137,
    {},
    { num: i32 },
    { acl: ["connect:search_interfaces"], aclFilter: "interface:getattr", priority: "high", shape: { returns: "num" } },
  ),
  connectListDefinedInterfaces: call(
    138,
    { maxnames: i32 },
    { names: array(text, LIMITS.interfaceList) },
    {
      acl: ["connect:search_interfaces"],
      aclFilter: "interface:getattr",
      priority: "high",
      shape: { upTo: "names", limit: "maxnames" },
    },
  ),
  interfaceIsActive: call(
    156,
    { iface: networkInterface },
    { active: flag },
    { acl: ["interface:read"], priority: "high", shape: { returns: "active" } },
  ),
  interfaceChangeBegin: call(220, { flags: u32 }, {}, { acl: ["connect:interface_transaction"] }),
  interfaceChangeCommit: call(221, { flags: u32 }, {}, { acl: ["connect:interface_transaction"] }),
  interfaceChangeRollback: call(222, { flags: u32 }, {}, { acl: ["connect:interface_transaction"] }),
  connectListAllInterfaces: call(
    284,
    { needResults: i32, flags: u32 },
    { ifaces: array(networkInterface, LIMITS.interfaceList), ret: u32 },
    { acl: ["connect:search_interfaces"], aclFilter: "interface:getattr", priority: "high", shape: { list: "ifaces" } },
  ),
});

export interface InterfaceHandlers extends HandlersOf<typeof interfaceApi> {}
