import { keepDescriptorsFromChildren } from "../process/native.js";
import { StartError } from "../process/start-error.js";
import type { DaemonNames } from "./options.js";

const FIRST_DESCRIPTOR = 3;

/**
 * The listening socket that a service manager hands over (`LISTEN_FDS`); `undefined` where it hands over none. Called once,
 * at the start: children see neither it nor the variables. Sockets for administration are left alone.
 */
export function activatedSocket(
  { name, libvirtName }: DaemonNames,
  env: NodeJS.ProcessEnv = process.env,
): number | undefined {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = "" } = env;
  if (LISTEN_FDS === undefined || Number(LISTEN_PID) !== process.pid) return undefined;
  for (const variable of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete env[variable];
  keepDescriptorsFromChildren();
  const count = Number(LISTEN_FDS);
  const names = LISTEN_FDNAMES.split(":");
  const known = [name, libvirtName].flatMap((each) => [each, `${each}.socket`]);
  const index = count === 1 ? 0 : names.findIndex((each) => known.includes(each));
  if (index >= 0 && index < count) return FIRST_DESCRIPTOR + index;
  throw new StartError(
    `the service manager hands over ${count} sockets, and none is named ${name}.socket`,
    "name it so with FileDescriptorName=",
  );
}
