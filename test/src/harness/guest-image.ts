import { access } from "node:fs/promises";
import { join } from "node:path";
import { project } from "./project.js";

/** A Linux that boots in seconds, says GUEST-READY on its console, gives a shell there and obeys the power button. */
export interface GuestImage {
  readonly kernel: string;
  readonly initrd: string;
}

/** The guest that scripts/guest.mjs has made, if it has. */
export async function guestImage(): Promise<GuestImage | undefined> {
  const folder = join(project, ".cache/guest");
  const image = { kernel: join(folder, "vmlinuz"), initrd: join(folder, "initrd") };
  return access(image.initrd).then(
    () => image,
    () => undefined,
  );
}
