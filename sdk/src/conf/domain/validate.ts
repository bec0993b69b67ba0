import { VirtError } from "@polyvisor/core";
import type { Disk, Domain } from "./model/index.js";

/** Checks that hold on every hypervisor, after all defaults. */
export function validateDomain(domain: Domain): void {
  for (const disk of domain.devices.disks) validateDisk(disk);
  rejectDuplicateTargets(domain);
}

function refuse(code: "XML_ERROR" | "CONFIG_UNSUPPORTED" | "NO_SOURCE", detail: string, hint: string): never {
  throw new VirtError(code, detail, { domain: "DOMAIN", hint });
}

function isEmpty(disk: Disk): boolean {
  const { source } = disk;
  return (source.type === "file" || source.type === "block" || source.type === "dir") && source.path === undefined;
}

function validateDisk(disk: Disk): void {
  const removable = disk.device === "cdrom" || disk.device === "floppy";
  if (isEmpty(disk) && !removable) {
    refuse("NO_SOURCE", disk.target.dev, "Add <source file='...'/>; only cdrom and floppy drives may be empty.");
  }
  if (disk.device === "floppy" && disk.target.bus !== "fdc") {
    refuse("CONFIG_UNSUPPORTED", `Invalid bus type '${disk.target.bus}' for floppy disk`, "Use bus='fdc'.");
  }
  if (disk.target.bus === "fdc" && disk.device !== "floppy") {
    refuse(
      "CONFIG_UNSUPPORTED",
      `Invalid disk bus '${disk.target.bus}' for device type '${disk.device}'`,
      "Use device='floppy'.",
    );
  }
  if (
    disk.device === "lun" &&
    disk.source.type !== "block" &&
    disk.source.type !== "network" &&
    disk.source.type !== "volume"
  ) {
    refuse(
      "CONFIG_UNSUPPORTED",
      `disk '${disk.target.dev}' improperly configured for a device='lun'`,
      "Use a block device.",
    );
  }
}

function rejectDuplicateTargets(domain: Domain): void {
  const seen = new Set<string>();
  for (const { target } of domain.devices.disks) {
    if (seen.has(target.dev))
      refuse("XML_ERROR", `target '${target.dev}' duplicated for disk sources`, "Name it otherwise.");
    seen.add(target.dev);
  }
}
