import { execFile } from "node:child_process";
import { chmod, chown } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { makeFolders } from "@polyvisor/sdk/store";
import type { Settings } from "../config/schema.js";
import { type DoorTerms, type ListenAt, placeName, type UnixPlace } from "../listen/door.js";
import type { SessionServer } from "../rpc/server.js";
import type { Locations } from "./locations.js";
import { SettingError, StartError } from "./start-error.js";

/** The longest path of a unix socket in bytes: what `sockaddr_un` holds. */
const PATH_BYTES_MAX = 107;

/** A unix socket that the daemon makes itself. */
export type Socket = UnixPlace & DoorTerms;

/** Permissions of the socket to change things: the owner's, or everybody's where polkit is asked about each. */
const RW_PERMISSIONS = { owner: 0o700, everybody: 0o777 } as const;

/** The sockets of a daemon: one to change things, one only to look. */
export function socketsOf(locations: Locations, settings: Settings): Socket[] {
  const all = [changingSocket(locations, settings)];
  if (locations.hasReadOnlySocket)
    all.push({ path: socketPath(locations, settings, "-ro"), mode: settings.unix_sock_ro_perms, readOnly: true });
  for (const { path } of all) checkSocketPath(path);
  return all;
}

/** Throws where no socket can have this path. */
export function checkSocketPath(path: string): void {
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return;
  throw new StartError(
    `the path of the socket ${path} is longer than ${PATH_BYTES_MAX} bytes`,
    "choose a shorter --root or unix_sock_dir",
  );
}

function changingSocket(locations: Locations, settings: Settings): Socket {
  const { everybody, owner } = RW_PERMISSIONS;
  const usual = settings.auth_unix_rw === "polkit" ? everybody : owner;
  const mode = settings.unix_sock_rw_perms ?? usual;
  return { path: socketPath(locations, settings, ""), mode, readOnly: false };
}

/** Where clients look for the socket to change things. */
export function socketPath(locations: Locations, settings: Settings, suffix: "" | "-ro"): string {
  return join(settings.unix_sock_dir ?? locations.paths.run, `libvirt-sock${suffix}`);
}

/**
 * Makes the folder of the sockets where it is not there yet, before anybody else makes it: all users may look for a
 * system's sockets in it, and the sockets' own permissions say who may use which.
 */
export async function makeSocketFolder(locations: Locations, settings: Settings): Promise<void> {
  const folder = settings.unix_sock_dir ?? locations.paths.run;
  const made = await makeFolders(folder);
  if (made !== undefined && locations.hasReadOnlySocket) await chmod(folder, 0o755);
}

/** Listens on each; a socket that is made gets the group of the settings. */
export async function listenOn(server: SessionServer, doors: readonly ListenAt[], settings: Settings): Promise<void> {
  const gid = settings.unix_sock_group === undefined ? undefined : await groupId(settings.unix_sock_group);
  for (const door of doors) {
    if ("path" in door) await makeFolders(dirname(door.path));
    await listenOrSay(server, door);
    if ("path" in door && gid !== undefined) await chown(door.path, -1, gid);
  }
}

async function listenOrSay(server: SessionServer, door: ListenAt): Promise<void> {
  try {
    await server.listen(door);
  } catch (error) {
    if (!("port" in door)) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SettingError(
      code === "EADDRINUSE" || code === "EACCES" ? "tls_port" : "listen_addr",
      `cannot listen on ${placeName(door)}: ${message}`,
      "is another daemon there, and is listen_addr an address of this machine?",
    );
  }
}

/** A group's number. `getent` asks every source of groups that the host has. */
async function groupId(group: string): Promise<number> {
  if (/^\+?\d+$/.test(group)) return Number(group);
  try {
    const { stdout } = await promisify(execFile)("getent", ["group", group]);
    return Number(stdout.split(":")[2]);
  } catch {
    throw new SettingError("unix_sock_group", `there is no group ${group}`, "create it, or name one that exists");
  }
}
