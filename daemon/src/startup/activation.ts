import { keepDescriptorsFromChildren } from "@polyvisor/sdk/process";
import { StartError } from "./start-error.js";

/** The doors for which a service manager may have made sockets. */
export type ActivatedDoor = "manage" | "monitor" | "admin" | "tls";

/** Descriptors of sockets that listen already. */
export type Activated = ReadonlyMap<ActivatedDoor, number>;

const FIRST_DESCRIPTOR = 3;

/** Names of units, as libvirt ships them for its daemons, and ours. */
const NAME = /^(?:polyvisord|libvirtd|virtqemud|virtproxyd)(|-ro|-admin|-tls|-tcp)(?:\.socket)?$/;

const DOORS: Readonly<Record<string, ActivatedDoor>> = {
  "": "manage",
  "-ro": "monitor",
  "-admin": "admin",
  "-tls": "tls",
};

/**
 * The sockets that a service manager hands over (`LISTEN_FDS`): none where it hands over none, and then the daemon makes
 * its own. Called once, at the start; children see neither the sockets nor the variables. Throws a `StartError` for a
 * socket of which nobody knows what it is for.
 */
export function takeActivated(env: NodeJS.ProcessEnv = process.env, pid: number = process.pid): Activated {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = "" } = env;
  if (LISTEN_FDS === undefined || Number(LISTEN_PID) !== pid) return new Map();
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete env[name];
  keepDescriptorsFromChildren();
  const names = LISTEN_FDNAMES.split(":");
  const doors = new Map<ActivatedDoor, number>();
  for (let index = 0; index < Number(LISTEN_FDS); index++) {
    const door = doorOf(names[index] ?? "");
    if (doors.has(door)) throw new StartError(`the service manager hands over two sockets named ${names[index]}`);
    doors.set(door, FIRST_DESCRIPTOR + index);
  }
  return doors;
}

function doorOf(name: string): ActivatedDoor {
  const suffix = NAME.exec(name)?.[1];
  if (suffix === "-tcp")
    throw new StartError(
      `the service manager hands over ${name}, but plain TCP is not served`,
      "use the socket unit for TLS, or ssh",
    );
  const door = suffix === undefined ? undefined : DOORS[suffix];
  if (door !== undefined) return door;
  throw new StartError(
    `the service manager hands over a socket named ${JSON.stringify(name)}: what is it for?`,
    "the names are polyvisord.socket, polyvisord-ro.socket, polyvisord-admin.socket and polyvisord-tls.socket (FileDescriptorName=)",
  );
}
