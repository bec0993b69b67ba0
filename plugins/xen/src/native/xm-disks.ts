import type { Disk, Domain, FileFormat } from "@polyvisor/sdk/conf";
import { FILE_FORMATS } from "@polyvisor/sdk/conf/common";
import type { NativeReader, NativeSettings } from "./config.js";
import { diskBus, formatSource, refuseTransient } from "./xl-disks.js";

/** Entries that xm would not take do not count, as in libvirt. */
export function parseXmDisks(conf: NativeReader, { os }: Domain): readonly Disk[] {
  return (conf.list("disk") ?? []).flatMap((entry) => parseDisk(entry, os.type === "hvm") ?? []);
}

/** `SOURCE,DEVICE,MODE`, such as `phy:/dev/vg/guest,xvda,w`. */
function parseDisk(entry: string, isHvm: boolean): Disk | undefined {
  const [, written, device, mode] = /^([^,]*),(?:ioemu:)?([^,]*),(.*)$/s.exec(entry) ?? [];
  if (written === undefined || device === undefined) return undefined;
  const source = parseSource(written);
  if (source === undefined) return undefined;
  const { driver, path, type } = source;
  const [dev = "", kind] = device.split(":", 2);
  return {
    kind: "disk",
    device: kind === "cdrom" ? "cdrom" : "disk",
    driver: { name: driver, type },
    source: { type: driver === "phy" ? "block" : "file", path },
    target: { dev, bus: diskBus(dev, isHvm) },
    readonly: mode === "r" || mode === "ro" ? true : undefined,
    shareable: mode === "w!" || mode === "!" ? true : undefined,
  };
}

interface Source {
  readonly driver: string;
  readonly path?: string;
  readonly type?: FileFormat;
}

function parseSource(written: string): Source | undefined {
  if (written === "") return { driver: "phy" };
  const [driver, path] = splitPrefix(written);
  if (driver === undefined) return { driver: "phy", path };
  if (driver !== "tap" && driver !== "tap2") return { driver, path };
  const [name, rest] = splitPrefix(path);
  const type = name === "aio" ? "raw" : FILE_FORMATS.find((each) => each === name);
  return type === undefined ? undefined : { driver, path: rest, type };
}

function splitPrefix(text: string): readonly [string | undefined, string] {
  const colon = text.indexOf(":");
  return colon < 0 ? [undefined, text] : [text.slice(0, colon), text.slice(colon + 1)];
}

export function formatXmDisks({ devices }: Domain, settings: NativeSettings): void {
  settings.setList("disk", devices.disks.filter(({ device }) => device !== "floppy").map(formatDisk));
}

function formatDisk(disk: Disk): string {
  if (disk.transient !== undefined) refuseTransient();
  const mode = disk.readonly === true ? "r" : disk.shareable === true ? "!" : "w";
  const device = disk.device === "cdrom" ? `${disk.target.dev}:cdrom` : disk.target.dev;
  return `${sourceWithDriver(disk)},${device},${mode}`;
}

function sourceWithDriver({ driver, source }: Disk): string {
  const path = formatSource(source, "\\");
  if (path === undefined) return "";
  if (driver?.name === undefined) return path;
  const type = driver.type === undefined || driver.type === "raw" ? "aio" : driver.type;
  return driver.name === "tap" || driver.name === "tap2" ? `${driver.name}:${type}:${path}` : `${driver.name}:${path}`;
}
