import type { Address, BlockSource, Disk, FileSource, StorageSource } from "@polyvisor/sdk/conf/domain";
import { bhyveError, unsupported } from "../errors.js";

/** The place of a device that has one on the PCI bus. */
export function slotOf({ address }: { readonly address?: Address | undefined }): {
  readonly slot: number;
  readonly function: number;
} {
  if (address?.type === "pci") return address;
  throw bhyveError("CONFIG_UNSUPPORTED", "a device has no PCI address", "leave its address out, and one is chosen");
}

/** A word inside of an option's list: commas part the list, and nothing quotes them. */
export function plainWord(text: string, what: string): string {
  if (text.includes(",")) unsupported(`${what} may not contain ',' character`, "bhyve would read it as an option");
  return text;
}

/** The file of a disk, or the device. */
export function pathOfDisk({ source, device }: Disk): string {
  if (source.type === "volume")
    unsupported(`the path of volume '${source.volume}' in pool '${source.pool}' is not known`, "start the pool");
  if (!isUsableSource(source)) unsupported("unsupported disk type", "use type='file'");
  if (source.path === undefined)
    unsupported(`${device === "cdrom" ? "cdrom" : "disk"} device without source path not supported`);
  return plainWord(source.path, "disk source");
}

/** Whether bhyve can have a disk there at all. */
export function isUsableSource(source: StorageSource): source is FileSource | BlockSource {
  return source.type === "file" || source.type === "block";
}
