import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname } from "node:path";

/** The kernel takes no socket path that is longer, its end included. */
const UNIX_PATH_MAX = 108;

/**
 * Calls `use` with a name for a socket's path that the kernel takes, however long the path is: a long one goes through a
 * descriptor of its folder. The name is good only until `use` has ended.
 */
export async function withSocketPath<T>(path: string, use: (path: string) => T | Promise<T>): Promise<T> {
  if (Buffer.byteLength(path) < UNIX_PATH_MAX) return use(path);
  const folder = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await use(`/proc/self/fd/${folder.fd}/${basename(path)}`);
  } finally {
    await folder.close();
  }
}
