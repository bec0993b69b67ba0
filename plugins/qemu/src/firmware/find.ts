import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Firmware, parseFirmware } from "./descriptor.js";

/** Later ones are more special: their files hide those of the same name before. */
const FOLDERS = ["/usr/share/qemu/firmware", "/etc/qemu/firmware"];

/** Where distributions put images of UEFI, for those whose packages bring no descriptors. */
export const DEFAULT_LOADERS: readonly string[] = [
  "/usr/share/OVMF/OVMF_CODE.fd",
  "/usr/share/OVMF/OVMF_CODE.secboot.fd",
  "/usr/share/AAVMF/AAVMF_CODE.fd",
  "/usr/share/AAVMF/AAVMF32_CODE.fd",
];

/** The descriptors of this host's firmware, the best first. `own`: those of the user who runs the daemon count as well. */
export async function findFirmwares(own: boolean, folders: readonly string[] = FOLDERS): Promise<readonly Firmware[]> {
  const personal = join(process.env.XDG_CONFIG_HOME ?? join(homedir(), ".config"), "qemu/firmware");
  const paths = new Map<string, string>();
  for (const folder of own ? [...folders, personal] : folders)
    for (const name of await readdir(folder).catch(() => []))
      if (!name.startsWith(".")) paths.set(name, join(folder, name));
  const sorted = [...paths].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  const found = await Promise.all(sorted.map(async (path) => ({ path, text: await readFile(path, "utf8") })));
  // An empty file only hides another one.
  return found.filter(({ text }) => text !== "").map(({ path, text }) => parseFirmware(path, text));
}
