import { type Disk, diskNameIndex } from "@polyvisor/sdk/conf/domain";
import { type Build, notYet } from "./context.js";
import { escapeComma } from "./props.js";

/** A card in a slot of the board: QEMU has no `-device` for those, so they are described the old way. */
export function sdDriveArgs({ args }: Build, disk: Disk): void {
  const { driver, source } = disk;
  if (source.encryption !== undefined) throw notYet("encryption of an SD card");
  const parts: string[] = [];
  const put = (name: string, value: string | number | undefined) => {
    if (value !== undefined) parts.push(`${name}=${value}`);
  };
  const path = source.type === "file" || source.type === "block" ? source.path : undefined;
  if (source.type !== "file" && source.type !== "block")
    throw notYet(`an SD card in a source of type '${source.type}'`);
  put("file", path === undefined ? undefined : escapeComma(path));
  put("format", driver?.type);
  put("if", "sd");
  put("index", diskNameIndex(disk.target.dev));
  if (disk.readonly === true) put("readonly", "on");
  if (path !== undefined) {
    put("cache", driver?.cache);
    put("copy-on-read", driver?.copyOnRead);
    put("discard", driver?.discard);
    put("detect-zeroes", driver?.detectZeroes);
    put("aio", driver?.io);
  }
  args.add("-drive", parts.join(","));
}
