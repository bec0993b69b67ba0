import { array, flag, i32, optional, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { nodeDevice } from "./objects.js";
import { text } from "./types.js";

/** The host's devices. */
export const nodeDeviceApi = defineApi({
  /** How many devices there are, of one capability or of all. */
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
  /** The names of devices, of one capability or of all. */
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
  /**
   * Finds a device; also called before each call that names one, so that permissions are checked on what is there.
   * Fails with `NO_NODE_DEVICE`.
   */
  nodeDeviceLookupByName: call(
    113,
    { name: text },
    { dev: nodeDevice },
    { acl: ["node_device:getattr"], priority: "high", shape: { returns: "dev" } },
  ),
  /** The device's document, with its capabilities. */
  nodeDeviceGetXMLDesc: call(
    114,
    { name: text, flags: u32 },
    { xml: text },
    { acl: ["node_device:read"], shape: { returns: "xml" } },
  ),
  /** The name of the device that it is on; `null` for the machine itself. */
  nodeDeviceGetParent: call(
    115,
    { name: text },
    { parentName: optional(text) },
    { acl: ["node_device:read"], priority: "high", shape: { returns: "parentName" } },
  ),
  /** How many capabilities it has. */
  nodeDeviceNumOfCaps: call(
    116,
    { name: text },
    { num: i32 },
    { acl: ["node_device:read"], priority: "high", shape: { returns: "num" } },
  ),
  /** The names of its capabilities, such as `pci` or `net`. */
  nodeDeviceListCaps: call(
    117,
    { name: text, maxnames: i32 },
    { names: array(text, LIMITS.nodeDeviceCapsList) },
    { acl: ["node_device:read"], priority: "high", shape: { upTo: "names", limit: "maxnames" } },
  ),
  /** Takes a device from the host, to give it to a guest. Answered by a hypervisor's driver. */
  nodeDeviceDettach: call(118, { name: text }, {}, { acl: ["node_device:detach"] }),
  /** Gives a device back to the host. Answered by a hypervisor's driver. */
  nodeDeviceReAttach: call(119, { name: text }, {}, { acl: ["node_device:detach"] }),
  /** Puts a device into the state of power-on. Answered by a hypervisor's driver. */
  nodeDeviceReset: call(120, { name: text }, {}, { acl: ["node_device:detach"] }),
  /** Makes a device that is gone with the host's next start: a virtual port of an HBA, a mediated device. */
  nodeDeviceCreateXML: call(
    123,
    { xmlDesc: text, flags: u32 },
    { dev: nodeDevice },
    { acl: ["node_device:write", "node_device:start"], shape: { returns: "dev" } },
  ),
  /** Removes such a device. */
  nodeDeviceDestroy: call(124, { name: text }, {}, { acl: ["node_device:stop"], priority: "high" }),
  /** All devices, or those that the flags select. Fails with `INVALID_ARG` for flags that are not known. */
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
  /** The SCSI host with these world-wide names. Fails with `NO_NODE_DEVICE`. */
  nodeDeviceLookupSCSIHostByWWN: call(
    297,
    { wwnn: text, wwpn: text, flags: u32 },
    { dev: nodeDevice },
    { acl: ["node_device:getattr"], priority: "high", shape: { returns: "dev" } },
  ),
  /** As `nodeDeviceDettach`, for a driver of devices that is named. Answered by a hypervisor's driver. */
  nodeDeviceDetachFlags: call(
    301,
    { name: text, driverName: optional(text), flags: u32 },
    {},
    { acl: ["node_device:detach"] },
  ),
  /** Defines a mediated device that outlives the host's next start. */
  nodeDeviceDefineXML: call(
    428,
    { xmlDesc: text, flags: u32 },
    { dev: nodeDevice },
    { acl: ["node_device:write"], shape: { returns: "dev" } },
  ),
  /** Forgets a defined device. Fails with `OPERATION_INVALID` where it is not persistent. */
  nodeDeviceUndefine: call(429, { name: text, flags: u32 }, {}, { acl: ["node_device:delete"], priority: "high" }),
  /** Starts a defined device. Fails with `OPERATION_INVALID` where it is active. */
  nodeDeviceCreate: call(430, { name: text, flags: u32 }, {}, { acl: ["node_device:start"], priority: "high" }),
  /** Whether it is started with the host. */
  nodeDeviceGetAutostart: call(
    433,
    { name: text },
    { autostart: flag },
    { writes: true, acl: ["node_device:read"], priority: "high", shape: { returns: "autostart" } },
  ),
  /** Decides whether it is started with the host. */
  nodeDeviceSetAutostart: call(
    434,
    { name: text, autostart: flag },
    {},
    { acl: ["node_device:write"], priority: "high" },
  ),
  /** Whether it is defined, and so outlives its stop. */
  nodeDeviceIsPersistent: call(
    435,
    { name: text },
    { persistent: flag },
    { acl: ["node_device:read"], priority: "high", shape: { returns: "persistent" } },
  ),
  /** Whether it is there now. */
  nodeDeviceIsActive: call(
    436,
    { name: text },
    { active: flag },
    { acl: ["node_device:read"], priority: "high", shape: { returns: "active" } },
  ),
});

export interface NodeDeviceHandlers extends HandlersOf<typeof nodeDeviceApi> {}
