import { array, flag, i32, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { networkInterface } from "./objects.js";
import { text } from "./types.js";

/** The host's network interfaces. */
export const interfaceApi = defineApi({
  /** How many interfaces are up. */
  connectNumOfInterfaces: call(
    126,
    {},
    { num: i32 },
    { acl: ["connect:search_interfaces"], aclFilter: "interface:getattr", priority: "high", shape: { returns: "num" } },
  ),
  /** The names of interfaces that are up. */
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
  /**
   * Finds an interface; also called before each call that names one, so that permissions are checked on what is there.
   * Fails with `NO_INTERFACE`.
   */
  interfaceLookupByName: call(
    128,
    { name: text },
    { iface: networkInterface },
    { acl: ["interface:getattr"], priority: "high", shape: { returns: "iface" } },
  ),
  /**
   * Finds the interface with this MAC address. Fails with `NO_INTERFACE`, with `MULTIPLE_INTERFACES` where several have
   * it.
   */
  interfaceLookupByMACString: call(
    129,
    { mac: text },
    { iface: networkInterface },
    { acl: ["interface:getattr"], priority: "high", shape: { returns: "iface" } },
  ),
  /** The interface's document; with the flag for inactive what is configured, not what is up. */
  interfaceGetXMLDesc: call(
    130,
    { iface: networkInterface, flags: u32 },
    { xml: text },
    { acl: ["interface:read"], shape: { returns: "xml" } },
  ),
  /** Configures an interface; nothing goes up or down by it. */
  interfaceDefineXML: call(
    131,
    { xml: text, flags: u32 },
    { iface: networkInterface },
    { acl: ["interface:write", "interface:save"], priority: "high", shape: { returns: "iface" } },
  ),
  /** Removes the configuration. */
  interfaceUndefine: call(132, { iface: networkInterface }, {}, { acl: ["interface:delete"], priority: "high" }),
  /** Brings an interface up. Fails with `OPERATION_INVALID` where it is up. */
  interfaceCreate: call(133, { iface: networkInterface, flags: u32 }, {}, { acl: ["interface:start"] }),
  /** Brings an interface down. Fails with `OPERATION_INVALID` where it is down. */
  interfaceDestroy: call(
    134,
    { iface: networkInterface, flags: u32 },
    {},
    { acl: ["interface:stop"], priority: "high" },
  ),
  /** How many interfaces are configured and down. */
  connectNumOfDefinedInterfaces: call(
    137,
    {},
    { num: i32 },
    { acl: ["connect:search_interfaces"], aclFilter: "interface:getattr", priority: "high", shape: { returns: "num" } },
  ),
  /** The names of interfaces that are configured and down. */
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
  /** Whether it is up. */
  interfaceIsActive: call(
    156,
    { iface: networkInterface },
    { active: flag },
    { acl: ["interface:read"], priority: "high", shape: { returns: "active" } },
  ),
  /**
   * Keeps the configuration as it is, so that what follows can be undone. Fails with `OPERATION_INVALID` where a change
   * is under way.
   */
  interfaceChangeBegin: call(220, { flags: u32 }, {}, { acl: ["connect:interface_transaction"] }),
  /** Forgets what `interfaceChangeBegin` kept. Fails with `OPERATION_INVALID` where no change is under way. */
  interfaceChangeCommit: call(221, { flags: u32 }, {}, { acl: ["connect:interface_transaction"] }),
  /** Puts back what `interfaceChangeBegin` kept. Fails with `OPERATION_INVALID` where no change is under way. */
  interfaceChangeRollback: call(222, { flags: u32 }, {}, { acl: ["connect:interface_transaction"] }),
  /** All interfaces, or those that the flags select. Fails with `INVALID_ARG` for flags that are not known. */
  connectListAllInterfaces: call(
    284,
    { needResults: i32, flags: u32 },
    { ifaces: array(networkInterface, LIMITS.interfaceList), ret: u32 },
    { acl: ["connect:search_interfaces"], aclFilter: "interface:getattr", priority: "high", shape: { list: "ifaces" } },
  ),
});

export interface InterfaceHandlers extends HandlersOf<typeof interfaceApi> {}
