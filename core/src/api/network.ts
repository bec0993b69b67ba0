import { array, flag, i32, optional, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { network, networkPort } from "./objects.js";
import { dhcpLease } from "./records.js";
import { text, typedParam } from "./types.js";
import { uuid } from "./uuid.js";

/** Virtual networks and their ports. */
export const networkApi = defineApi({
  connectListDefinedNetworks: call(
    36,
    { maxnames: i32 },
    { names: array(text, LIMITS.networkList) },
    {
      acl: ["connect:search_networks"],
      aclFilter: "network:getattr",
      priority: "high",
      shape: { upTo: "names", limit: "maxnames" },
    },
  ),
  connectListNetworks: call(
    38,
    { maxnames: i32 },
    { names: array(text, LIMITS.networkList) },
    {
      acl: ["connect:search_networks"],
      aclFilter: "network:getattr",
      priority: "high",
      shape: { upTo: "names", limit: "maxnames" },
    },
  ),
  networkCreate: call(39, { net: network }, {}, { acl: ["network:start"] }),
  networkCreateXML: call(
    40,
    { xml: text },
    { net: network },
    { acl: ["network:write", "network:start"], shape: { returns: "net" } },
  ),
  networkDefineXML: call(
    41,
    { xml: text },
    { net: network },
    { acl: ["network:write", "network:save"], priority: "high", shape: { returns: "net" } },
  ),
  networkDestroy: call(42, { net: network }, {}, { acl: ["network:stop"], priority: "high" }),
  networkGetXMLDesc: call(
    43,
    { net: network, flags: u32 },
    { xml: text },
    { acl: ["network:read"], priority: "high", shape: { returns: "xml" } },
  ),
  networkGetAutostart: call(
    44,
    { net: network },
    { autostart: flag },
    { acl: ["network:read"], priority: "high", shape: { returns: "autostart" } },
  ),
  networkGetBridgeName: call(
    45,
    { net: network },
    { name: text },
    { acl: ["network:read"], priority: "high", shape: { returns: "name" } },
  ),
  networkLookupByName: call(
    46,
    { name: text },
    { net: network },
    { acl: ["network:getattr"], priority: "high", shape: { returns: "net" } },
  ),
  networkLookupByUUID: call(
    47,
    { uuid: uuid },
    { net: network },
    { acl: ["network:getattr"], priority: "high", shape: { returns: "net" } },
  ),
  networkSetAutostart: call(48, { net: network, autostart: flag }, {}, { acl: ["network:write"], priority: "high" }),
  networkUndefine: call(49, { net: network }, {}, { acl: ["network:delete"], priority: "high" }),
  connectNumOfDefinedNetworks: call(
    50,
    {},
    { num: i32 },
    { acl: ["connect:search_networks"], aclFilter: "network:getattr", priority: "high", shape: { returns: "num" } },
  ),
  connectNumOfNetworks: call(
    52,
    {},
    { num: i32 },
    { acl: ["connect:search_networks"], aclFilter: "network:getattr", priority: "high", shape: { returns: "num" } },
  ),
  networkIsActive: call(
    152,
    { net: network },
    { active: flag },
    { acl: ["network:read"], priority: "high", shape: { returns: "active" } },
  ),
  networkIsPersistent: call(
    153,
    { net: network },
    { persistent: flag },
    { acl: ["network:read"], priority: "high", shape: { returns: "persistent" } },
  ),
  connectListAllNetworks: call(
    283,
    { needResults: i32, flags: u32 },
    { nets: array(network, LIMITS.networkList), ret: u32 },
    { acl: ["connect:search_networks"], aclFilter: "network:getattr", priority: "high", shape: { list: "nets" } },
  ),
  networkUpdate: call(
    291,
    { net: network, command: u32, section: u32, parentIndex: i32, xml: text, flags: u32 },
    {},
    {
      acl: [
        "network:write",
        "network:save:!VIR_NETWORK_UPDATE_AFFECT_CONFIG|VIR_NETWORK_UPDATE_AFFECT_LIVE",
        "network:save:VIR_NETWORK_UPDATE_AFFECT_CONFIG",
      ],
      priority: "high",
    },
  ),
  networkGetDHCPLeases: call(
    341,
    { net: network, mac: optional(text), needResults: i32, flags: u32 },
    { leases: array(dhcpLease, LIMITS.networkDhcpLeases), ret: u32 },
    { acl: ["network:read"], shape: { list: "leases" } },
  ),
  networkListAllPorts: call(
    404,
    { network: network, needResults: i32, flags: u32 },
    { ports: array(networkPort, LIMITS.networkPortList), ret: u32 },
    { acl: ["network:search_ports"], aclFilter: "network_port:getattr", priority: "high", shape: { list: "ports" } },
  ),
  networkPortLookupByUUID: call(
    405,
    { network: network, uuid: uuid },
    { port: networkPort },
    { acl: ["network_port:getattr"], priority: "high", shape: { returns: "port" } },
  ),
  networkPortCreateXML: call(
    406,
    { network: network, xml: text, flags: u32 },
    { port: networkPort },
    { acl: ["network_port:create"], shape: { returns: "port" } },
  ),
  networkPortGetParameters: call(
    407,
    { port: networkPort, nparams: i32, flags: u32 },
    { params: array(typedParam, LIMITS.networkPortParameters), nparams: i32 },
    { acl: ["network_port:read"], shape: { sized: "params", count: "nparams", max: LIMITS.networkPortParameters } },
  ),
  networkPortSetParameters: call(
    408,
    { port: networkPort, params: array(typedParam, LIMITS.networkPortParameters), flags: u32 },
    {},
    { acl: ["network_port:write"] },
  ),
  networkPortGetXMLDesc: call(
    409,
    { port: networkPort, flags: u32 },
    { xml: text },
    { acl: ["network_port:read"], shape: { returns: "xml" } },
  ),
  networkPortDelete: call(410, { port: networkPort, flags: u32 }, {}, { acl: ["network_port:delete"] }),
  networkDefineXMLFlags: call(
    432,
    { xml: text, flags: u32 },
    { net: network },
    { acl: ["network:write", "network:save"], priority: "high", shape: { returns: "net" } },
  ),
  networkCreateXMLFlags: call(
    437,
    { xml: text, flags: u32 },
    { net: network },
    { acl: ["network:write", "network:start"], priority: "high", shape: { returns: "net" } },
  ),
});

export interface NetworkHandlers extends HandlersOf<typeof networkApi> {}
