import { array, flag, i32, optional, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { nodeDevice } from "./objects.js";
import { text } from "./types.js";

/** The host's devices. */
export const nodeDeviceApi = defineApi({
  nodeNumOfDevices: call(
    111,
    { cap: optional(text), flags: u32 },
    { num: i32 },
    {
      acl: ["connect:search_node_devices"],
      aclFilter: "node_device:getattr",
      priority: "high",
      shape: { returns: "num" },
    },
  ),
  nodeListDevices: call(
    112,
    { cap: optional(text), maxnames: i32, flags: u32 },
    { names: array(text, LIMITS.nodeDeviceList) },
    {
      acl: ["connect:search_node_devices"],
      aclFilter: "node_device:getattr",
      priority: "high",
      shape: { upTo: "names", limit: "maxnames" },
    },
  ),
  nodeDeviceLookupByName: call(
    113,
    { name: text },
    { dev: nodeDevice },
    { acl: ["node_device:getattr"], priority: "high", shape: { returns: "dev" } },
  ),
  nodeDeviceGetXMLDesc: call(
    114,
    { name: text, flags: u32 },
    { xml: text },
    { acl: ["node_device:read"], shape: { returns: "xml" } },
  ),
  nodeDeviceGetParent: call(
    115,
    { name: text },
    { parentName: optional(text) },
    { acl: ["node_device:read"], priority: "high", shape: { returns: "parentName" } },
  ),
  nodeDeviceNumOfCaps: call(
    116,
    { name: text },
    { num: i32 },
    { acl: ["node_device:read"], priority: "high", shape: { returns: "num" } },
  ),
  nodeDeviceListCaps: call(
    117,
    { name: text, maxnames: i32 },
    { names: array(text, LIMITS.nodeDeviceCapsList) },
    { acl: ["node_device:read"], priority: "high", shape: { upTo: "names", limit: "maxnames" } },
  ),
  nodeDeviceDettach: call(118, { name: text }, {}, { acl: ["node_device:detach"] }),
  nodeDeviceReAttach: call(119, { name: text }, {}, { acl: ["node_device:detach"] }),
  nodeDeviceReset: call(120, { name: text }, {}, { acl: ["node_device:detach"] }),
  nodeDeviceCreateXML: call(
    123,
    { xmlDesc: text, flags: u32 },
    { dev: nodeDevice },
    { acl: ["node_device:write", "node_device:start"], shape: { returns: "dev" } },
  ),
  nodeDeviceDestroy: call(124, { name: text }, {}, { acl: ["node_device:stop"], priority: "high" }),
  connectListAllNodeDevices: call(
    285,
    { needResults: i32, flags: u32 },
    { devices: array(nodeDevice, LIMITS.nodeDeviceList), ret: u32 },
    {
      acl: ["connect:search_node_devices"],
      aclFilter: "node_device:getattr",
      priority: "high",
      shape: { list: "devices" },
    },
  ),
  nodeDeviceLookupSCSIHostByWWN: call(
    297,
    { wwnn: text, wwpn: text, flags: u32 },
    { dev: nodeDevice },
    { acl: ["node_device:getattr"], priority: "high", shape: { returns: "dev" } },
  ),
  nodeDeviceDetachFlags: call(
    301,
    { name: text, driverName: optional(text), flags: u32 },
    {},
    { acl: ["node_device:detach"] },
  ),
  nodeDeviceDefineXML: call(
    428,
    { xmlDesc: text, flags: u32 },
    { dev: nodeDevice },
    { acl: ["node_device:write"], shape: { returns: "dev" } },
  ),
  nodeDeviceUndefine: call(429, { name: text, flags: u32 }, {}, { acl: ["node_device:delete"], priority: "high" }),
  nodeDeviceCreate: call(430, { name: text, flags: u32 }, {}, { acl: ["node_device:start"], priority: "high" }),
  nodeDeviceGetAutostart: call(
    433,
    { name: text },
    { autostart: flag },
    { acl: ["node_device:read"], priority: "high", shape: { returns: "autostart" } },
  ),
  nodeDeviceSetAutostart: call(
    434,
    { name: text, autostart: flag },
    {},
    { acl: ["node_device:write"], priority: "high" },
  ),
  nodeDeviceIsPersistent: call(
    435,
    { name: text },
    { persistent: flag },
    { acl: ["node_device:read"], priority: "high", shape: { returns: "persistent" } },
  ),
  nodeDeviceIsActive: call(
    436,
    { name: text },
    { active: flag },
    { acl: ["node_device:read"], priority: "high", shape: { returns: "active" } },
  ),
});

export interface NodeDeviceHandlers extends HandlersOf<typeof nodeDeviceApi> {}
