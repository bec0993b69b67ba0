import { formatUri, type Uri, VirtError } from "@polyvisor/core";
import {
  type DaemonMode,
  daemonSockets,
  isOfUser,
  isWayParam,
  PRIORITY_WORDS,
  type Surroundings,
  type TlsVersions,
  versionsOf,
} from "@polyvisor/sdk/rpc";
import { clientParams, invalid, isSet } from "./params.js";
import { sshArgv } from "./ssh.js";

/** A way to a daemon. What it needs from files is read when it is taken. */
export type Door =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | {
      readonly kind: "tls";
      readonly host: string;
      readonly port: number;
      readonly pkipath: string | undefined;
      readonly verify: boolean;
      readonly versions?: TlsVersions;
    }
  | { readonly kind: "command"; readonly argv: readonly string[] };

/** Where a URI leads, worked out before anything is opened. */
export interface Target {
  /** What the daemon is asked to open; empty where it is to choose. */
  readonly name: string;
  /** The ways to try, in this order, until a daemon answers. */
  readonly doors: readonly [Door, ...Door[]];
  /** Whether nobody on the way can listen, as far as this side knows. */
  readonly isSecure: boolean;
  /** How to log in: `sasl`, `sasl.MECHANISM` or `polkit`; else as the daemon likes. */
  readonly auth: string | undefined;
  /** The file with names and passwords that the URI names. */
  readonly authFile: string | undefined;
  /** The host as the file with passwords knows it. */
  readonly host: string;
}

const TRANSPORTS = ["tls", "unix", "ssh", "ext", "tcp", "libssh2", "libssh"];

const TCP_PORT = 16509;
const TLS_PORT = 16514;

/** Reads a URI as libvirt's client does. Fails with `INVALID_ARG`, or `SYSTEM_ERROR` for a transport that is not here. */
export function targetOf(uri: Uri, around: Surroundings): Target {
  const transport = transportOf(uri);
  const params = clientParams(uri);
  return {
    name: params.get("name") ?? remoteName(uri),
    doors: doorsOf(transport, uri, params, around),
    isSecure: transport !== "tcp" && transport !== "ext",
    auth: params.get("auth"),
    authFile: params.get("authfile"),
    host: uri.server ?? "localhost",
  };
}

function transportOf(uri: Uri): string {
  const transport = uri.transport ?? (uri.server === undefined ? "unix" : "tls");
  if (!TRANSPORTS.includes(transport))
    throw invalid("remote_open: transport in URL not recognised (should be tls|unix|ssh|ext|tcp|libssh2|libssh)");
  return transport;
}

function doorsOf(
  transport: string,
  uri: Uri,
  params: ReadonlyMap<string, string>,
  around: Surroundings,
): readonly [Door, ...Door[]] {
  const host = uri.server ?? "localhost";
  switch (transport) {
    case "unix":
      return unixDoors(uri, params, around);
    case "tcp":
      return [{ kind: "tcp", host, port: uri.port ?? TCP_PORT }];
    case "tls":
      return [tlsDoor(host, uri.port ?? TLS_PORT, params)];
    case "ssh":
      return [sshDoor(uri, host, params, around)];
    case "ext":
      return [externalDoor(params)];
    default:
      throw new VirtError("SYSTEM_ERROR", `${transport} transport support was not enabled: Function not implemented`, {
        domain: "REMOTE",
        hint: `${uri.scheme}+ssh runs the system's ssh, and reaches the same daemons`,
      });
  }
}

function unixDoors(uri: Uri, params: ReadonlyMap<string, string>, around: Surroundings): readonly [Door, ...Door[]] {
  if (uri.server !== undefined) throw invalid(`using unix socket and remote server '${uri.server}' is not supported.`);
  const socket = params.get("socket");
  const paths = socket === undefined ? daemonSockets(uri, modeOf(params), around) : [socket];
  return paths.map((path) => ({ kind: "unix", path }) as const) as [Door, ...Door[]];
}

function tlsDoor(host: string, port: number, params: ReadonlyMap<string, string>): Door {
  const priority = params.get("tls_priority");
  const versions = priority === undefined ? undefined : versionsOf(priority);
  if (priority !== undefined && versions === undefined)
    throw invalid(`Failed to set TLS session priority to ${priority}`, `tls_priority ${PRIORITY_WORDS}`);
  const [pkipath, verify] = [params.get("pkipath"), !isSet(params, "no_verify")];
  return { kind: "tls", host, port, pkipath, verify, ...(versions && { versions }) };
}

/** Which sockets the other machine has is not known here: the helper there finds them, or it is libvirt's one for everything. */
function sshDoor(uri: Uri, host: string, params: ReadonlyMap<string, string>, { readOnly, uid }: Surroundings): Door {
  if (modeOf(params) === "direct" && !params.has("socket"))
    throw new VirtError("OPERATION_UNSUPPORTED", "Cannot use direct socket mode for ssh transport", {
      domain: "REMOTE",
    });
  const argv = sshArgv({
    host,
    port: uri.port,
    user: uri.user,
    readOnly,
    name: params.get("name") ?? remoteName(uri),
    socket: params.get("socket") ?? `/run/libvirt/libvirt-sock${readOnly ? "-ro" : ""}`,
    ofUser: isOfUser(uri, uid) && uri.scheme !== "remote",
    params,
  });
  return { kind: "command", argv };
}

function externalDoor(params: ReadonlyMap<string, string>): Door {
  const command = params.get("command");
  if (command === undefined) throw invalid("remote_open: for 'ext' transport, command is required");
  return { kind: "command", argv: [command] };
}

function modeOf(params: ReadonlyMap<string, string>): DaemonMode {
  return (params.get("mode") ?? "auto") as DaemonMode;
}

/** The URI as the daemon opens it: without the way that leads to it. */
function remoteName(uri: Uri): string {
  if (uri.scheme === "remote") return "";
  const params = uri.params.filter(([name]) => !isWayParam(name));
  return formatUri({ ...uri, transport: undefined, user: undefined, server: undefined, port: undefined, params });
}
