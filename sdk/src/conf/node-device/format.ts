import { attr, XmlWriter } from "../../xml/index.js";
import { formatAp, formatChannelAddress, formatCss } from "./channel.js";
import { formatMdev, formatMdevTypes } from "./mdev.js";
import type { NodeDevice, NodeDeviceCapability } from "./model.js";
import { formatPci } from "./pci.js";
import { formatScsi, formatScsiHost, formatScsiTarget } from "./scsi.js";
import { formatNet, formatSystem, formatUsbDevice, formatUsbInterface } from "./small.js";
import { formatStorage } from "./storage.js";

/** A device of the host as libvirt prints it. */
export function formatNodeDevice(device: NodeDevice): string {
  const w = new XmlWriter();
  w.block("device", "", () => {
    w.leaf("name", device.name);
    w.leaf("path", device.path);
    w.leaf("devnode", device.devnode, attr("type", "dev"));
    for (const link of device.devlinks) w.leaf("devnode", link, attr("type", "link"));
    w.leaf("parent", device.parent);
    if (device.driver !== undefined) w.block("driver", "", () => w.leaf("name", device.driver));
    for (const capability of device.capabilities) {
      w.block("capability", attr("type", capability.type), () => formatCapability(w, capability));
    }
  });
  return w.toString();
}

function formatCapability(w: XmlWriter, capability: NodeDeviceCapability): void {
  switch (capability.type) {
    case "system":
      formatSystem(w, capability);
      break;
    case "pci":
      formatPci(w, capability);
      break;
    case "usb_device":
      formatUsbDevice(w, capability);
      break;
    case "usb":
      formatUsbInterface(w, capability);
      break;
    case "net":
      formatNet(w, capability);
      break;
    case "scsi_host":
      formatScsiHost(w, capability);
      break;
    case "scsi_target":
      formatScsiTarget(w, capability);
      break;
    case "scsi":
      formatScsi(w, capability);
      break;
    case "storage":
      formatStorage(w, capability);
      break;
    case "scsi_generic":
      w.leaf("char", capability.char);
      break;
    case "drm":
      w.leaf("type", capability.kind);
      break;
    case "mdev_types":
      formatMdevTypes(w, capability.mdevTypes);
      break;
    case "mdev":
      formatMdev(w, capability);
      break;
    case "ccw":
      formatChannelAddress(w, capability);
      break;
    case "css":
      formatCss(w, capability);
      break;
    case "vdpa":
      w.leaf("chardev", capability.chardev);
      break;
    case "ap_card":
    case "ap_queue":
      formatAp(w, capability);
      break;
    case "ap_matrix":
      formatMdevTypes(w, capability.mdevTypes);
  }
}
