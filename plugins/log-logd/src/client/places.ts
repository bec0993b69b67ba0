import { join } from "node:path";
import type { HostInfo } from "@polyvisor/core";
import type { HelperAddress } from "@polyvisor/sdk/helper-daemon";
import { keptFolder } from "../kept-folder.js";

/** What the operator may set in `plugins/log-logd.conf`. */
export interface LogdConfig {
  /** The socket of a log daemon that somebody else runs, such as libvirt's. */
  readonly log_socket?: string;
}

/** How the log daemon is reached, and, of our own, where it writes down which logs are open. */
export interface LogdPlaces {
  readonly address: HelperAddress;
  readonly own?: { readonly keptFolder: string; readonly pidFile: string };
}

const PROGRAM = new URL("../../bin/polyvisor-logd.cjs", import.meta.url);

export function placesOf({ paths }: Pick<HostInfo, "paths">, { log_socket: given }: LogdConfig): LogdPlaces {
  if (given !== undefined) return { address: { socket: given } };
  const socket = join(paths.run, "virtlogd-sock");
  const pidFile = join(paths.run, "virtlogd.pid");
  return {
    address: {
      socket,
      start: {
        program: PROGRAM,
        pidFile,
        configFile: join(paths.config, "virtlogd.conf"),
        logFile: join(paths.log, "polyvisor-logd.log"),
      },
    },
    own: { keptFolder: keptFolder(socket), pidFile },
  };
}
