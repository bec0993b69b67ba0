import type { Hostdev } from "@polyvisor/sdk/conf";
import { has } from "../../capabilities/index.js";
import type { Checked } from "./context.js";
import { refuse } from "./refuse.js";

type Mdev = Extract<Hostdev["source"], { type: "mdev" }>;

export function checkHostdev(device: Hostdev, checked: Checked): void {
  const { domain, caps } = checked;
  const { source } = device;
  if (device.mode === "capabilities") throw refuse(`hostdev mode 'capabilities' is not supported in ${domain.type}`);
  switch (source.type) {
    case "usb":
      if (source.guestReset !== undefined && !has(caps, "usb-host.guest-resets-all"))
        throw refuse("guestReset is not supported with this version of QEMU");
      break;
    case "pci":
      if (source.driver === "vfio" && !has(caps, "vfio-pci"))
        throw refuse("VFIO PCI device assignment is not supported by this version of qemu");
      if (source.writeFiltering !== undefined)
        throw refuse("Write filtering of PCI device configuration space is not supported by qemu");
      break;
    case "scsi_host":
      if (device.bootOrder !== undefined)
        throw refuse("booting from assigned devices is not supported by vhost SCSI devices");
      if (!has(caps, "vhost-scsi")) throw refuse("This QEMU doesn't support vhost-scsi devices");
      break;
    case "mdev":
      checkMdev(device, source, checked);
      break;
    default:
      break;
  }
}

function checkMdev(device: Hostdev, source: Mdev, { domain, caps }: Checked): void {
  const bootFails = (model: string) =>
    refuse(`booting from assigned devices is not supported by mediated devices of model ${model}`);
  switch (source.model) {
    case "vfio-pci":
      if (!has(caps, "vfio-pci")) throw refuse("VFIO PCI device assignment is not supported by this version of QEMU");
      if (device.bootOrder !== undefined) throw bootFails("vfio-pci");
      if (source.display === undefined) return;
      if (!has(caps, "vfio-pci.display"))
        throw refuse("display property of device vfio-pci is not supported by this version of QEMU");
      if (source.display === "on" && domain.devices.graphics.length === 0)
        throw refuse("graphics device is needed for attribute value 'display=on' in <hostdev>");
      return;
    case "vfio-ap": {
      if (!has(caps, "vfio-ap")) throw refuse("VFIO AP device assignment is not supported by this version of QEMU");
      if (device.bootOrder !== undefined) throw bootFails("vfio-ap");
      const isAp = ({ source: other }: Hostdev) => other.type === "mdev" && other.model === "vfio-ap";
      if (domain.devices.hostdevs.filter(isAp).length > 1)
        throw refuse("Only one hostdev of model vfio-ap is supported");
      return;
    }
    case "vfio-ccw":
      if (!has(caps, "vfio-ccw")) throw refuse("VFIO CCW device assignment is not supported by this version of QEMU");
      return;
    default:
      return;
  }
}
