import { DEFINE_FLAG, LIST_NODE_DEVICES_FLAG as LIST, type NodeDeviceHandlers, VirtError } from "@polyvisor/core";
import {
  formatNodeDevice,
  type NodeDevice,
  type NodeDeviceCapability,
  parseNodeDevice,
  readNodeDevice,
} from "@polyvisor/sdk/conf/node-device";
import { parseValidXml } from "@polyvisor/sdk/schema";
import { flagsOf, type ListFilter, type ListFilters, selectBy } from "@polyvisor/sdk/store";
import type { XmlElement } from "@polyvisor/sdk/xml";
import { checkFlags, testError } from "./errors.js";
import type { TestHost } from "./test-host.js";
import { fcHostOf, makesPorts, type PortNames, type TestNodeDevices } from "./test-node-devices.js";

/** What a list can ask for, and what it is called where a capability is named. */
const CAPABILITIES = {
  system: LIST.CAP_SYSTEM,
  pci: LIST.CAP_PCI_DEV,
  usb_device: LIST.CAP_USB_DEV,
  usb: LIST.CAP_USB_INTERFACE,
  net: LIST.CAP_NET,
  scsi_host: LIST.CAP_SCSI_HOST,
  scsi_target: LIST.CAP_SCSI_TARGET,
  scsi: LIST.CAP_SCSI,
  storage: LIST.CAP_STORAGE,
  fc_host: LIST.CAP_FC_HOST,
  vports: LIST.CAP_VPORTS,
  scsi_generic: LIST.CAP_SCSI_GENERIC,
  drm: LIST.CAP_DRM,
  mdev_types: LIST.CAP_MDEV_TYPES,
  mdev: LIST.CAP_MDEV,
  ccw: LIST.CAP_CCW_DEV,
  css: LIST.CAP_CSS_DEV,
  vdpa: LIST.CAP_VDPA,
  ap_card: LIST.CAP_AP_CARD,
  ap_queue: LIST.CAP_AP_QUEUE,
  ap_matrix: LIST.CAP_AP_MATRIX,
  vpd: LIST.CAP_VPD,
} as const;

const FILTERS: ListFilters<NodeDevice> = [
  Object.entries(CAPABILITIES).map(([name, flag]): ListFilter<NodeDevice> => [flag, (device) => has(device, name)]),
  [
    [LIST.ACTIVE, () => true],
    [LIST.INACTIVE, () => false],
  ],
];

/** The host's devices: a few that are made up, and a virtual port that can be made and taken away. */
export function nodeDeviceHandlers({ devices }: TestHost): NodeDeviceHandlers {
  const withCapability = (cap: string | null) => [...devices].filter((device) => cap === null || has(device, cap));

  function create(wanted: NodeDevice) {
    const names = portNamesOf(wanted);
    checkParent(devices, wanted);
    return { name: devices.addPort(names).name };
  }

  return {
    nodeNumOfDevices({ cap, flags }) {
      checkFlags(flags, 0, "testNodeNumOfDevices");
      return withCapability(cap).length;
    },
    nodeListDevices({ cap, flags }) {
      checkFlags(flags, 0, "testNodeListDevices");
      return withCapability(cap).map(({ name }) => name);
    },
    connectListAllNodeDevices({ flags }) {
      checkFlags(flags, flagsOf(FILTERS), "testConnectListAllNodeDevices");
      return selectBy(devices, FILTERS, flags).map(({ name }) => ({ name }));
    },

    nodeDeviceLookupByName: ({ name }) => ({ name: devices.find(name).name }),
    nodeDeviceGetXMLDesc({ name, flags }) {
      checkFlags(flags, 0, "testNodeDeviceGetXMLDesc");
      return formatNodeDevice(devices.find(name));
    },
    nodeDeviceGetParent({ name }) {
      const { parent } = devices.find(name);
      if (parent === undefined) throw testError("INTERNAL_ERROR", "no parent for this device", "it is the host itself");
      return parent;
    },
    nodeDeviceNumOfCaps: ({ name }) => devices.find(name).capabilities.length,
    nodeDeviceListCaps: ({ name }) => devices.find(name).capabilities.map(({ type }) => type),

    nodeDeviceCreateXML({ xmlDesc, flags }) {
      checkFlags(flags, DEFINE_FLAG.VALIDATE, "testNodeDeviceCreateXML");
      return flags === 0 ? create(parseNodeDevice(xmlDesc, { create: true })) : readValid(xmlDesc).then(create);
    },

    nodeDeviceDestroy({ name }) {
      const device = devices.find(name);
      portNamesOf(device);
      const { parent } = device;
      if (parent === undefined || devices.byName(parent) === undefined) {
        throw testError(
          "INTERNAL_ERROR",
          `cannot find parent '${parent}' definition`,
          "its parent went away before it",
        );
      }
      devices.remove(name);
    },
  };
}

async function readValid(xml: string): Promise<NodeDevice> {
  const read = (root: XmlElement) => readNodeDevice(root, { create: true });
  return read(await parseValidXml(xml, "nodeDevice", { explain: read }));
}

/** Whether a device can do something, which is written as a capability of its own or inside another one. */
function has({ capabilities }: NodeDevice, name: string): boolean {
  return capabilities.some((capability) => capability.type === name || innerNames(capability).includes(name));
}

function innerNames(capability: NodeDeviceCapability): readonly string[] {
  switch (capability.type) {
    case "scsi_host":
      return [
        ...(capability.fcHost === undefined ? [] : ["fc_host"]),
        ...(capability.vportOps === undefined ? [] : ["vports"]),
      ];
    case "pci":
      return [
        ...(capability.mdevTypes === undefined ? [] : ["mdev_types"]),
        ...(capability.vpd === undefined ? [] : ["vpd"]),
      ];
    case "css":
    case "ap_matrix":
      return capability.mdevTypes === undefined ? [] : ["mdev_types"];
    default:
      return [];
  }
}

function portNamesOf(device: NodeDevice): PortNames {
  const port = fcHostOf(device);
  if (port !== undefined) return port;
  const hint = "only virtual ports of Fibre Channel adapters come and go here";
  throw testError("INTERNAL_ERROR", "Device is not a fibre channel HBA", hint);
}

/** A virtual port is made on a device that can: the one that the document names, or any. */
function checkParent(devices: TestNodeDevices, { name, parent, parentWwn }: NodeDevice): void {
  if (parent === undefined && parentWwn === undefined) {
    if ([...devices].some(makesPorts)) return;
    throw testError("INTERNAL_ERROR", "Could not find any vport capable device", "scsi_host1 is one");
  }
  const found =
    parent === undefined ? [...devices].find((device) => isNamed(device, parentWwn)) : devices.byName(parent);
  const hint = "`nodedev-list --cap vports` shows the devices that can be one";
  if (found === undefined) throw testError("INTERNAL_ERROR", `Could not find parent device for '${name}'`, hint);
  if (!makesPorts(found)) {
    const detail = `Parent device ${found.name} is not capable of vport operations`;
    throw new VirtError("INTERNAL_ERROR", detail, { domain: "NODEDEV", hint });
  }
}

function isNamed(device: NodeDevice, wanted: NodeDevice["parentWwn"]): boolean {
  const port = fcHostOf(device);
  if (port === undefined || wanted === undefined || !makesPorts(device)) return false;
  if ("fabricWwn" in wanted) return port.fabricWwn === wanted.fabricWwn;
  return port.wwnn === wanted.wwnn && port.wwpn === wanted.wwpn;
}
