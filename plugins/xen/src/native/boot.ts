import type { BootDevice, Capabilities, Domain, Loader, Os } from "@polyvisor/sdk/conf";
import { firmwareFolderOf } from "../conf/index.js";
import type { NativeReader, NativeSettings } from "./config.js";

const LETTERS: Readonly<Record<BootDevice, string>> = { fd: "a", hd: "c", cdrom: "d", network: "n" };
/** As many as there are kinds. */
const BOOT_MAX = 4;

/** `cd` is a disk before a CD. */
export function parseBootOrder(letters: string): readonly BootDevice[] {
  const kinds = Object.keys(LETTERS) as readonly BootDevice[];
  return [...letters.slice(0, BOOT_MAX)].map((letter) => kinds.find((kind) => LETTERS[kind] === letter) ?? "hd");
}

export function bootOrder(boot: readonly BootDevice[]): string {
  return boot.length === 0 ? LETTERS.hd : boot.map((each) => LETTERS[each]).join("");
}

type BootOptions = Pick<Domain, "os" | "bootloader" | "bootloaderArgs">;

/** What xl boots. */
export function parseXlBoot(conf: NativeReader, { os }: Domain, capabilities: Capabilities): BootOptions {
  if (os.type !== "hvm") return { ...parseBootloader(conf), os: { ...os, ...parseKernel(conf) } };
  const loader = parseLoader(conf.string("bios"), os, capabilities);
  const acpiSlic = conf.string("acpi_firmware");
  return { os: { ...os, loader, acpiSlic, ...parseKernel(conf), boot: parseBootOrder(conf.string("boot") ?? "c") } };
}

/** Undefined where the host has no firmware for fully virtualized guests. */
export function parseLoader(bios: string | undefined, os: Os, capabilities: Capabilities): Loader | undefined {
  if (bios === "ovmf") {
    return { path: `${firmwareFolderOf(capabilities)}/ovmf.bin`, type: "pflash", readonly: "yes" };
  }
  const guest = capabilities.guests.findLast((each) => each.osType === "hvm" && each.arch === os.arch);
  return guest?.loader === undefined ? undefined : { path: guest.loader };
}

function parseKernel(conf: NativeReader): Pick<Os, "kernel" | "initrd" | "cmdline"> {
  const kernel = conf.string("kernel");
  const initrd = conf.string("ramdisk");
  return { kernel, initrd, cmdline: conf.string("cmdline") ?? oldCommandLine(conf) };
}

/** The two settings that xm had, and xl still takes. */
function oldCommandLine(conf: NativeReader): string | undefined {
  const root = conf.string("root");
  const extra = conf.string("extra");
  if (root === undefined) return extra;
  return extra === undefined ? `root=${root}` : `root=${root} ${extra}`;
}

function parseBootloader(conf: NativeReader): Pick<Domain, "bootloader" | "bootloaderArgs"> {
  return { bootloader: conf.string("bootloader"), bootloaderArgs: conf.string("bootargs") };
}

export function formatXlBoot({ os, bootloader, bootloaderArgs, cpu }: Domain, settings: NativeSettings): void {
  if (os.type === "hvm") {
    settings.set("builder", "hvm");
    if (os.loader?.type === "pflash") settings.set("bios", "ovmf");
    settings.set("acpi_firmware", os.acpiSlic);
  } else {
    if (os.type === "xenpvh") settings.set("type", "pvh");
    settings.set("bootloader", bootloader);
    settings.set("bootargs", bootloaderArgs);
  }
  settings.set("kernel", os.kernel);
  settings.set("ramdisk", os.initrd);
  settings.set("cmdline", os.cmdline);
  if (os.type !== "hvm") return;
  settings.set("boot", bootOrder(os.boot));
  if (cpu?.mode === "host-passthrough") settings.set("nestedhvm", !cpu.features.some(forbidsNesting));
}

function forbidsNesting({ name, policy }: { readonly name: string; readonly policy?: string | undefined }): boolean {
  return (name === "vmx" || name === "svm") && (policy === "disable" || policy === "forbid");
}

/** What xm boots. */
export function parseXmBoot(conf: NativeReader, { os }: Domain): BootOptions {
  if (os.type === "hvm") {
    const loader = { path: conf.requiredString("kernel") };
    return { os: { ...os, loader, boot: parseBootOrder(conf.string("boot") ?? "c") } };
  }
  const kernel = conf.string("kernel");
  const initrd = conf.string("ramdisk");
  return { ...parseBootloader(conf), os: { ...os, kernel, initrd, cmdline: oldCommandLine(conf) } };
}

export function formatXmBoot({ os, bootloader, bootloaderArgs }: Domain, settings: NativeSettings): void {
  if (os.type === "hvm") {
    settings.set("builder", "hvm");
    settings.set("kernel", os.loader?.path);
    settings.set("boot", bootOrder(os.boot));
    return;
  }
  settings.set("bootloader", bootloader);
  settings.set("bootargs", bootloaderArgs);
  settings.set("kernel", os.kernel);
  settings.set("ramdisk", os.initrd);
  settings.set("extra", os.cmdline);
}
