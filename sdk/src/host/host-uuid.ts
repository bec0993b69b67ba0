import { readFile } from "node:fs/promises";
import { formatUuid } from "@polyvisor/core";

/** The host's UUID: the firmware's where it can be read and means anything, else the one that the system was given. */
export async function readHostUuid(): Promise<string | undefined> {
  for (const path of ["/sys/class/dmi/id/product_uuid", "/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    const digits = (await readFile(path, "utf8").catch(() => "")).trim().toLowerCase().replaceAll("-", "");
    if (/^[0-9a-f]{32}$/.test(digits) && new Set(digits).size > 1) return formatUuid(Buffer.from(digits, "hex"));
  }
  return undefined;
}
