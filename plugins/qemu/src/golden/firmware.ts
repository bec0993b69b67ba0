import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Domain } from "@polyvisor/sdk/conf";
import type { GoldenFiles } from "@polyvisor/sdk/golden";
import { chooseFirmware, type Firmware, parseFirmware } from "../firmware/index.js";
import { FOLDERS } from "./folders.js";

/** The later folder's file hides that of the same name in an earlier one; data may come without any. */
const DESCRIPTORS = ["qemufirmwaredata/usr/share/qemu/firmware", "qemufirmwaredata/etc/qemu/firmware"];

/** The firmware of the data's host. */
export class RowFirmware {
  #firmwares: readonly Firmware[] | undefined;

  all(files: GoldenFiles): readonly Firmware[] {
    this.#firmwares ??= readFirmwares(files);
    return this.#firmwares;
  }

  choose(domain: Domain, files: GoldenFiles): Domain {
    return chooseFirmware(domain, this.all(files), `${FOLDERS.nvram}/${domain.name}_VARS.fd`);
  }
}

function readFirmwares(files: GoldenFiles): readonly Firmware[] {
  const paths = new Map<string, string>();
  for (const folder of DESCRIPTORS.map((path) => join(files.root, path)).filter(existsSync))
    for (const name of readdirSync(folder)) paths.set(name, join(folder, name));
  return (
    [...paths]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, path]) => ({ path, text: readFileSync(path, "utf8") }))
      // An empty file only hides another one.
      .filter(({ text }) => text !== "")
      .map(({ path, text }) => parseFirmware(path, text))
  );
}
