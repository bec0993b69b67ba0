import type { Disk, Domain } from "@polyvisor/sdk/conf/domain";
import { unsupported } from "../errors.js";
import { megabytes } from "./bhyve.js";
import { isUsableSource, pathOfDisk } from "./words.js";

export const BHYVELOAD = "/usr/sbin/bhyveload";

/** What runs before bhyve, and puts a kernel into the guest's memory. */
export interface LoaderPlan {
  readonly argv: readonly string[];
  /** What is in the file that tells grub-bhyve its disks. */
  readonly deviceMap?: string | undefined;
}

/** Firmware boots by itself; any other guest needs a loader. `deviceMap`: the path of that file, if it is one of ours. */
export function loaderPlan(
  domain: Domain,
  options: { grubConsole: boolean; deviceMap: string },
): LoaderPlan | undefined {
  if (domain.bootloader === undefined && domain.os.loader !== undefined) return undefined;
  return buildLoader(domain, options);
}

function buildLoader(domain: Domain, options: { grubConsole: boolean; deviceMap: string }): LoaderPlan {
  const { bootloader, bootloaderArgs } = domain;
  if (bootloader === undefined) {
    const disk = bootDisk(domain);
    const args = ["-m", String(megabytes(domain)), "-d", pathOfDisk(disk), domain.name];
    return { argv: [BHYVELOAD, ...(bootloaderArgs === undefined ? args : words(bootloaderArgs))] };
  }
  if (bootloaderArgs !== undefined) return { argv: [bootloader, ...words(bootloaderArgs)] };
  if (!bootloader.includes("grub-bhyve"))
    unsupported("Custom loader requires explicit bootloader_args configuration", "add <bootloader_args>");
  return grub(domain, bootloader, options);
}

/** Words are parted by single spaces, and nothing quotes one. */
function words(text: string): readonly string[] {
  return text.split(" ");
}

function checkUsable(disk: Disk): void {
  if (disk.device !== "disk" && disk.device !== "cdrom") unsupported("unsupported disk device", "use disk or cdrom");
  pathOfDisk(disk);
}

function isUsable(disk: Disk): boolean {
  return (disk.device === "disk" || disk.device === "cdrom") && isUsableSource(disk.source);
}

/** The disk with the lowest boot order, or the first of each kind. */
function grub(
  domain: Domain,
  bootloader: string,
  { grubConsole, deviceMap }: { grubConsole: boolean; deviceMap: string },
): LoaderPlan {
  const disks = domain.devices.disks.filter(isUsable);
  const [ordered] = disks
    .filter((disk) => disk.bootOrder !== undefined)
    .sort((a, b) => (a.bootOrder ?? 0) - (b.bootOrder ?? 0));
  const hdd = disks.find((disk) => disk.device === "disk");
  const cd = disks.find((disk) => disk.device === "cdrom");
  const known = ordered === undefined ? [hdd, cd].filter((disk) => disk !== undefined) : [ordered];
  const isFromCd = (ordered ?? cd)?.device === "cdrom";
  return {
    argv: [
      bootloader,
      ...["--root", isFromCd ? "cd" : "hd0,msdos1"],
      ...["--device-map", deviceMap],
      ...["--memory", String(megabytes(domain))],
      ...(grubConsole ? consoleOption(domain) : []),
      domain.name,
    ],
    deviceMap: known.map((disk) => `(${disk.device === "cdrom" ? "cd" : "hd0"}) ${pathOfDisk(disk)}\n`).join(""),
  };
}

function consoleOption({ devices }: Domain): string[] {
  const [serial] = devices.serials;
  if (serial === undefined) return [];
  if (serial.source.type !== "nmdm") unsupported("only nmdm console types are supported");
  return ["--cons-dev", serial.source.master ?? ""];
}

/** bhyveload takes one disk. */
function bootDisk({ os, devices }: Domain): Disk {
  const { disks } = devices;
  if (disks.length === 0) unsupported("Domain should have at least one disk defined", "or boot from firmware");
  const [kind, other] = os.boot;
  if (other !== undefined) unsupported("Only one boot device is supported");
  const usable = disks.filter(isUsable);
  if (kind !== undefined) return diskOfKind(usable, kind);
  const [first, second] = usable.filter((disk) => disk.bootOrder !== undefined);
  if (second !== undefined) unsupported("Only one boot device is supported");
  const found = first ?? usable.at(-1);
  if (found === undefined) {
    for (const disk of disks) checkUsable(disk);
    unsupported("unsupported disk device");
  }
  return found;
}

function diskOfKind(disks: readonly Disk[], kind: Domain["os"]["boot"][number]): Disk {
  if (kind !== "cdrom" && kind !== "hd") unsupported(`Cannot boot from device ${kind}`, "boot from hd or cdrom");
  const found = disks.find(({ device }) => device === (kind === "hd" ? "disk" : "cdrom"));
  return found ?? unsupported(`Cannot find boot device of requested type ${kind}`);
}
