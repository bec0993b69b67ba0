import type { BootDevice, Device, Domain } from "@polyvisor/sdk/conf";
import type { Build } from "./context.js";
import { escapeComma } from "./props.js";

export function bootArgs({ args, domain }: Build): void {
  const { bootmenu, bios, kernel, initrd, cmdline, dtb, acpiSlic } = domain.os;
  const parts: string[] = [];
  if (bootmenu !== undefined) parts.push(`menu=${bootmenu.enable === "yes" ? "on" : "off"}`);
  if (bios?.rebootTimeout !== undefined) parts.push(`reboot-timeout=${bios.rebootTimeout}`);
  if (bootmenu?.timeout !== undefined) parts.push(`splash-time=${bootmenu.timeout}`);
  args.add("-boot", [...parts, "strict=on"].join(","));
  if (kernel !== undefined) args.add("-kernel", kernel);
  if (initrd !== undefined) args.add("-initrd", initrd);
  if (cmdline !== undefined) args.add("-append", cmdline);
  if (dtb !== undefined) args.add("-dtb", dtb);
  if (acpiSlic !== undefined) args.add("-acpitable", `sig=SLIC,file=${escapeComma(acpiSlic)}`);
}

const DISK_KINDS: Readonly<Record<"disk" | "lun" | "cdrom" | "floppy", BootDevice>> = {
  disk: "hd",
  lun: "hd",
  cdrom: "cdrom",
  floppy: "fd",
};

/**
 * The boot index of each device: its own order, or with `<os><boot dev=''/>` the place of its kind in that list, which
 * only the first device of a kind gets.
 */
export function bootIndexes(domain: Domain): ReadonlyMap<Device, number> {
  const { disks, interfaces, hostdevs, redirdevs } = domain.devices;
  const indexes = new Map<Device, number>();
  if (domain.os.boot.length === 0) {
    for (const device of [...disks, ...interfaces, ...hostdevs, ...redirdevs])
      if (device.bootOrder !== undefined) indexes.set(device, device.bootOrder);
    return indexes;
  }
  for (const [place, kind] of domain.os.boot.entries()) {
    const device = kind === "network" ? interfaces[0] : disks.find((disk) => DISK_KINDS[disk.device] === kind);
    if (device !== undefined) indexes.set(device, place + 1);
  }
  return indexes;
}
