import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it that are not there yet, all with `mode`. Answers the topmost that it made. Not Node's
 * `recursive`, which goes on for ever, on a thread that everybody needs, where a folder cannot be though its parent is there:
 * below /proc, for one, as soon as a process has ended.
 */
export async function makeFolders(path: string, mode = 0o777): Promise<string | undefined> {
  const fault = await faultOf(path, mode);
  if (fault === undefined) return path;
  if (fault.code !== "ENOENT" || dirname(path) === path) return thereIsOne(path, fault);
  const made = await makeFolders(dirname(path), mode);
  const again = await faultOf(path, mode);
  if (again !== undefined) await thereIsOne(path, again);
  return made ?? (again === undefined ? path : undefined);
}

async function faultOf(path: string, mode: number): Promise<NodeJS.ErrnoException | undefined> {
  return mkdir(path, mode).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  );
}

/** The root itself is refused with EISDIR on some systems. */
async function thereIsOne(path: string, fault: NodeJS.ErrnoException): Promise<undefined> {
  const isThere = fault.code === "EEXIST" || fault.code === "EISDIR";
  const found = isThere ? await stat(path).catch(() => undefined) : undefined;
  if (found?.isDirectory() !== true) throw fault;
}
