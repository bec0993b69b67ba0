import { chmod } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolders } from "@polyvisor/sdk/store";

/** Makes a folder through which emulators that run as users of their own pass to their folders, and those above it. */
export async function makePassage(path: string): Promise<void> {
  const made = await makeFolders(path, 0o700);
  if (made === undefined) return;
  for (let at = path; at.length >= made.length; at = dirname(at)) await chmod(at, 0o711);
}
