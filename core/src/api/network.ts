import { array, flag, i32, optional, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { network, networkPort } from "./objects.js";
import { dhcpLease } from "./records.js";
import { text, typedParam } from "./types.js";
import { uuid } from "./uuid.js";

/** Virtual networks and their ports. */
export const networkApi = defineApi({
  /** The names of networks that are defined and not active. */
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
  /** The names of active networks. */
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
  /** Starts a defined network. Fails with `OPERATION_INVALID` where it is active. */
  networkCreate: call(39, { net: network }, {}, { acl: ["network:start"] }),
  /**
   * Starts a network that is gone once it stops; one of that name and UUID that is defined is started with this
   * configuration.
   */
  networkCreateXML: call(
    40,
    { xml: text },
    { net: network },
    { acl: ["network:write", "network:start"], shape: { returns: "net" } },
  ),
  /**
   * Defines a network, or changes the definition of the one with that name and UUID; an active one goes on as it is.
   */
  networkDefineXML: call(
    41,
    { xml: text },
    { net: network },
    { acl: ["network:write", "network:save"], priority: "high", shape: { returns: "net" } },
  ),
  /**
   * Stops a network: its bridge, its DHCP server and its rules go; guests lose it. Fails with `OPERATION_INVALID` where
   * it is not active.
   */
  networkDestroy: call(42, { net: network }, {}, { acl: ["network:stop"], priority: "high" }),
  /** The network's document; with the flag for inactive what is defined, not what runs. */
  networkGetXMLDesc: call(
    43,
    { net: network, flags: u32 },
    { xml: text },
    { acl: ["network:read"], priority: "high", shape: { returns: "xml" } },
  ),
  /** Whether it is started with the daemon. */
  networkGetAutostart: call(
    44,
    { net: network },
    { autostart: flag },
    { acl: ["network:read"], priority: "high", shape: { returns: "autostart" } },
  ),
  /** The host's device behind it. Fails with `INTERNAL_ERROR` where the network has none. */
  networkGetBridgeName: call(
    45,
    { net: network },
    { name: text },
    { acl: ["network:read"], priority: "high", shape: { returns: "name" } },
  ),
  /** Finds a network. Fails with `NO_NETWORK`. */
  networkLookupByName: call(
    46,
    { name: text },
    { net: network },
    { acl: ["network:getattr"], priority: "high", shape: { returns: "net" } },
  ),
  /**
   * Finds a network; also called before each call that names one, so that permissions are checked on what is there.
   * Fails with `NO_NETWORK`.
   */
  networkLookupByUUID: call(
    47,
    { uuid: uuid },
    { net: network },
    { acl: ["network:getattr"], priority: "high", shape: { returns: "net" } },
  ),
  /** Decides whether it is started with the daemon. Fails with `OPERATION_INVALID` where it is not persistent. */
  networkSetAutostart: call(48, { net: network, autostart: flag }, {}, { acl: ["network:write"], priority: "high" }),
  /**
   * Forgets the definition; an active network is gone once it stops. Fails with `OPERATION_INVALID` where it is not
   * persistent.
   */
  networkUndefine: call(49, { net: network }, {}, { acl: ["network:delete"], priority: "high" }),
  /** How many are defined and not active. */
  connectNumOfDefinedNetworks: call(
    50,
    {},
    { num: i32 },
    { acl: ["connect:search_networks"], aclFilter: "network:getattr", priority: "high", shape: { returns: "num" } },
  ),
  /** How many are active. */
  connectNumOfNetworks: call(
    52,
    {},
    { num: i32 },
    { acl: ["connect:search_networks"], aclFilter: "network:getattr", priority: "high", shape: { returns: "num" } },
  ),
  /** Whether it runs. */
  networkIsActive: call(
    152,
    { net: network },
    { active: flag },
    { acl: ["network:read"], priority: "high", shape: { returns: "active" } },
  ),
  /** Whether it is defined, and so outlives its stop. */
  networkIsPersistent: call(
    153,
    { net: network },
    { persistent: flag },
    { acl: ["network:read"], priority: "high", shape: { returns: "persistent" } },
  ),
  /** All networks, or those that the flags select. Fails with `INVALID_ARG` for flags that are not known. */
  connectListAllNetworks: call(
    283,
    { needResults: i32, flags: u32 },
    { nets: array(network, LIMITS.networkList), ret: u32 },
    { acl: ["connect:search_networks"], aclFilter: "network:getattr", priority: "high", shape: { list: "nets" } },
  ),
  /**
   * Adds, changes or removes one element of the live network, of the definition, or of both, as the flags say. Fails
   * with `OPERATION_INVALID` where the element is there already or is not there.
   */
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
  /** The leases that its DHCP server has given, of one MAC address or of all. */
  networkGetDHCPLeases: call(
    341,
    { net: network, mac: optional(text), needResults: i32, flags: u32 },
    { leases: array(dhcpLease, LIMITS.networkDhcpLeases), ret: u32 },
    { acl: ["network:read"], shape: { list: "leases" } },
  ),
  /** The ports of guests in the network. */
  networkListAllPorts: call(
    404,
    { network: network, needResults: i32, flags: u32 },
    { ports: array(networkPort, LIMITS.networkPortList), ret: u32 },
    { acl: ["network:search_ports"], aclFilter: "network_port:getattr", priority: "high", shape: { list: "ports" } },
  ),
  /** Finds a port. Fails with `NO_NETWORK_PORT`. */
  networkPortLookupByUUID: call(
    405,
    { network: network, uuid: uuid },
    { port: networkPort },
    { acl: ["network_port:getattr"], priority: "high", shape: { returns: "port" } },
  ),
  /**
   * Makes a port for a guest's interface: called by a hypervisor's driver before the guest starts or the interface is
   * attached. The answer's document says what the interface is to be connected to.
   */
  networkPortCreateXML: call(
    406,
    { network: network, xml: text, flags: u32 },
    { port: networkPort },
    { acl: ["network_port:create"], shape: { returns: "port" } },
  ),
  /** The limits of a port's traffic. */
  networkPortGetParameters: call(
    407,
    { port: networkPort, nparams: i32, flags: u32 },
    { params: array(typedParam, LIMITS.networkPortParameters), nparams: i32 },
    { acl: ["network_port:read"], shape: { sized: "params", count: "nparams", max: LIMITS.networkPortParameters } },
  ),
  /** Sets limits of a port's traffic, at once. */
  networkPortSetParameters: call(
    408,
    { port: networkPort, params: array(typedParam, LIMITS.networkPortParameters), flags: u32 },
    {},
    { acl: ["network_port:write"] },
  ),
  /** A port's document: with it a hypervisor's driver learns what to connect a guest to. */
  networkPortGetXMLDesc: call(
    409,
    { port: networkPort, flags: u32 },
    { xml: text },
    { acl: ["network_port:read"], shape: { returns: "xml" } },
  ),
  /** Gives a port back: called by a hypervisor's driver once the guest is off or the interface detached. */
  networkPortDelete: call(410, { port: networkPort, flags: u32 }, {}, { acl: ["network_port:delete"] }),
  /** As `networkDefineXML`; a flag has the document checked by the schema. */
  networkDefineXMLFlags: call(
    432,
    { xml: text, flags: u32 },
    { net: network },
    { acl: ["network:write", "network:save"], priority: "high", shape: { returns: "net" } },
  ),
  /** As `networkCreateXML`; a flag has the document checked by the schema. */
  networkCreateXMLFlags: call(
    437,
    { xml: text, flags: u32 },
    { net: network },
    { acl: ["network:write", "network:start"], priority: "high", shape: { returns: "net" } },
  ),
});

export interface NetworkHandlers extends HandlersOf<typeof networkApi> {}
