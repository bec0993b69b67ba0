import { join, resolve } from "node:path";
import { formatUri, parseUri, rootPaths, uriParam } from "@polyvisor/core";
import { UsageError } from "./errors.js";

/** Options that say which daemon and hypervisor are meant. */
export interface Place {
  readonly connect: string | undefined;
  readonly root: string | undefined;
  readonly readOnly: boolean;
}

/** The hypervisor that the daemon picks. */
const DAEMONS_CHOICE = "remote:///";

/**
 * The URI to open: of the command line, else of `POLYVISOR_URI`, else of `LIBVIRT_DEFAULT_URI`, else the daemon's choice.
 * `--root` leads to the daemon that keeps its files below that folder, whatever the environment says.
 */
export function uriOf({ connect, root, readOnly }: Place, env: NodeJS.ProcessEnv): string {
  if (root === undefined) return connect ?? (env.POLYVISOR_URI || env.LIBVIRT_DEFAULT_URI || DAEMONS_CHOICE);
  const uri = parseUri(connect ?? DAEMONS_CHOICE);
  if (uri.transport !== undefined || uri.server !== undefined || uriParam(uri, "socket") !== undefined)
    throw new UsageError(`--root and ${connect} both name a daemon`);
  const socket = join(rootPaths(resolve(root)).run, readOnly ? "libvirt-sock-ro" : "libvirt-sock");
  return formatUri({ ...uri, transport: "unix", params: [...uri.params, ["socket", socket]] });
}
