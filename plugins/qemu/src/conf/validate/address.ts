import type { Device, DriveAddress, PciAddress } from "@polyvisor/sdk/conf";
import { has } from "../../capabilities/index.js";
import type { Placed } from "../address/placement.js";
import { isS390Ccw } from "../machine.js";
import type { Checked } from "./context.js";
import { internal, malformed, refuse } from "./refuse.js";

const MAX_UID = 0xffff;

/** Where a device sits in the guest, and what every device with a place may carry. */
export function checkPlace(device: Placed, { domain, caps }: Checked): void {
  const { acpiIndex, address, alias, rom } = device;
  switch (address?.type) {
    case "pci":
      checkZpci(address, { domain, caps });
      break;
    case "spapr-vio":
      if ((address.reg ?? 0) > 0xffffffff)
        throw refuse(`spapr-vio reg='0x${address.reg?.toString(16)}' exceeds maximum possible value (0xffffffff)`);
      break;
    case "ccw":
      if (!isS390Ccw(domain))
        throw refuse(
          `cannot use CCW address type for device '${alias ?? "<null>"}' using machine type '${domain.os.machine}'`,
        );
      break;
    case "drive":
      checkDrive(device.kind === "disk" ? device.target.bus : "scsi", address, { domain, caps });
      break;
    default:
      break;
  }
  if (acpiIndex !== undefined && acpiIndex > 0) {
    if (!has(caps, "acpi-index")) throw refuse("ACPI index is not supported with this QEMU");
    if (address !== undefined && address.type !== "pci") throw refuse("ACPI index is only supported for PCI devices");
  }
  const tuned = rom !== undefined && (rom.enabled ?? rom.bar ?? rom.file) !== undefined;
  if (tuned && address !== undefined && address.type !== "pci" && address.type !== "unassigned")
    throw refuse("ROM tuning is only supported for PCI devices");
}

function checkZpci({ zpci }: PciAddress, { caps }: Checked): void {
  if ((zpci?.uid ?? zpci?.fid) === undefined) return;
  if (!has(caps, "zpci")) throw refuse("This QEMU binary doesn't support zPCI");
  const uid = zpci?.uid;
  if (uid === undefined || (uid > 0 && uid <= MAX_UID)) return;
  throw malformed(`Invalid PCI address uid='0x${uid.toString(16).padStart(4, "0")}', must be > 0x0000 and <= 0xffff`);
}

function checkDrive(
  bus: Extract<Device, { kind: "disk" }>["target"]["bus"],
  address: DriveAddress,
  { domain, caps }: Checked,
): void {
  const { target } = address;
  switch (bus) {
    case "scsi":
      checkScsi(address, { domain, caps });
      break;
    case "ide":
      if (address.controller !== 0) throw internal("Only 1 IDE controller is supported");
      if (target !== 0) throw refuse("target must be 0 for ide controller");
      break;
    case "fdc":
      if (address.controller !== 0) throw internal("Only 1 fdc controller is supported");
      if (address.bus !== 0) throw internal("Only 1 fdc bus is supported");
      if (target !== 0) throw refuse("target must be 0 for controller fdc");
      break;
    case "sata":
      if (address.bus !== 0) throw refuse("bus must be 0 for sata controller");
      if (target !== 0) throw refuse("target must be 0 for sata controller");
      break;
    default:
      break;
  }
}

function checkScsi({ bus, controller, target }: DriveAddress, { domain, caps }: Checked): void {
  if (bus !== 0) throw internal("SCSI controller only supports 1 bus");
  const found = domain.devices.controllers.find((each) => each.type === "scsi" && each.index === controller);
  if (found?.type !== "scsi") return;
  if (found.model === "lsilogic") {
    if (target !== 0) throw refuse("target must be 0 for controller model 'lsilogic'");
  } else if (!has(caps, "scsi-disk.channel") && target > 7) {
    throw refuse("This QEMU doesn't support target greater than 7");
  }
}
