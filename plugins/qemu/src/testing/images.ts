import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IMAGES } from "./runnable-guests.js";

const MEBIBYTE = 1024 * 1024;

export function hasQemuImg(): boolean {
  return spawnSync("qemu-img", ["--version"]).status === 0;
}

/** A folder with the images of `runnableGuests`, open to every user; `remove` takes it away. */
export async function makeImages(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "polyvisor-images-"));
  await chmod(folder, 0o777);
  for (const [name, format] of Object.entries(IMAGES)) {
    const path = join(folder, name);
    if (format === "qcow2") spawnSync("qemu-img", ["create", "-q", "-f", format, path, "16M"]);
    else await truncated(path);
    await chmod(path, 0o666);
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function truncated(path: string): Promise<void> {
  const file = await open(path, "w");
  await file.truncate(16 * MEBIBYTE);
  await file.close();
}
