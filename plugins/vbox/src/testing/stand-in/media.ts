import { randomUUID } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { extname } from "node:path";
import { Refusal, syntax } from "./refusal.js";
import type { World } from "./state.js";
import type { Words } from "./words.js";

const MEGABYTE = 1024 * 1024;

export function createMedium(world: World, words: Words): string {
  if (words.take("kind") !== "disk") throw syntax("the stand-in makes disks");
  const options = words.options({
    ...{ "--filename": "value", "--size": "value", "--sizebyte": "value", "--format": "value", "--variant": "value" },
  });
  const format = options.get("--format") ?? "VDI";
  if (!["VDI", "VMDK", "VHD"].includes(format)) throw syntax(`Invalid format '${format}'`);
  const name = options.get("--filename") ?? "";
  const path = extname(name) === "" ? `${name}.${format.toLowerCase()}` : name;
  if (existsSync(path))
    throw new Refusal(`Cannot create the medium '${path}': VERR_ALREADY_EXISTS`, "VBOX_E_FILE_ERROR");
  const bytes = Number(options.get("--sizebyte") ?? Number(options.get("--size")) * MEGABYTE);
  writeFileSync(path, "");
  const uuid = randomUUID();
  world.media.push({ uuid, path, kind: "hdd", megabytes: Math.ceil(bytes / MEGABYTE), format, type: "normal" });
  return `Medium created. UUID: ${uuid}\n`;
}

export function closeMedium(world: World, words: Words): string {
  words.take("kind");
  const name = words.take("medium");
  const options = words.options({ "--delete": "flag" });
  const medium = world.media.find(({ uuid, path }) => uuid === name.toLowerCase() || path === name);
  if (medium === undefined)
    throw new Refusal(`Could not find an open hard disk with UUID {${name}}`, "VBOX_E_OBJECT_NOT_FOUND");
  const user = world.machines.find(({ attachments }) => attachments.some((each) => each.medium === medium.uuid));
  if (user !== undefined)
    throw new Refusal(
      `Cannot close medium '${medium.path}' because it is still attached to 1 virtual machines`,
      "VBOX_E_OBJECT_IN_USE",
    );
  world.media = world.media.filter((each) => each !== medium);
  if (options.has("--delete")) rmSync(medium.path, { force: true });
  return "";
}
