import { execFile } from "node:child_process";
import { chown, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Settings } from "../config/schema.js";
import type { UnixDoor } from "../listen/door.js";
import type { SessionServer } from "../rpc/server.js";
import type { Locations } from "./locations.js";
import { StartError } from "./start-error.js";

/** The longest path of a unix socket in bytes: what `sockaddr_un` holds. */
const PATH_BYTES_MAX = 107;

/** The sockets of a daemon: one to change things, one only to look. */
export function socketsOf(locations: Locations, settings: Settings): UnixDoor[] {
  const folder = settings.unix_sock_dir ?? locations.paths.run;
  const changing = { path: join(folder, "libvirt-sock"), mode: settings.unix_sock_rw_perms, readOnly: false };
  const looking = { path: join(folder, "libvirt-sock-ro"), mode: settings.unix_sock_ro_perms, readOnly: true };
  const all = locations.hasReadOnlySocket ? [changing, looking] : [changing];
  const tooLong = all.find(({ path }) => Buffer.byteLength(path) > PATH_BYTES_MAX);
  if (tooLong !== undefined)
    throw new StartError(
      `the path of the socket ${tooLong.path} is longer than ${PATH_BYTES_MAX} bytes`,
      "choose a shorter --root or unix_sock_dir",
    );
  return all;
}

/** Listens on each, with its permissions and the group of the settings. */
export async function listenOn(server: SessionServer, sockets: readonly UnixDoor[], settings: Settings): Promise<void> {
  const gid = settings.unix_sock_group === undefined ? undefined : await groupId(settings.unix_sock_group);
  for (const socket of sockets) {
    await mkdir(dirname(socket.path), { recursive: true });
    await server.listen(socket);
    if (gid !== undefined) await chown(socket.path, -1, gid);
  }
}

/** A group's number. `getent` asks every source of groups that the host has. */
async function groupId(group: string): Promise<number> {
  if (/^\+?\d+$/.test(group)) return Number(group);
  try {
    const { stdout } = await promisify(execFile)("getent", ["group", group]);
    return Number(stdout.split(":")[2]);
  } catch {
    throw new StartError(`unix_sock_group: there is no group ${group}`, "create it, or name one that exists");
  }
}
