import { chmod } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolders } from "@polyvisor/sdk/store";

/** Makes a folder for nobody else, and those above it. What is there already stays as it is. */
export async function makeFolder(path: string): Promise<void> {
  await makeFolders(path, 0o700);
}

/** The same for one through which emulators that run as users of their own pass to their folders. */
export async function makePassage(path: string): Promise<void> {
  const made = await makeFolders(path, 0o700);
  if (made === undefined) return;
  for (let at = path; at.length >= made.length; at = dirname(at)) await chmod(at, 0o711);
}
