import { shellWord } from "@polyvisor/sdk/process";
import { invalid, isSet } from "./params.js";

/** What the other end of an ssh connection is to do. */
export interface SshRequest {
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly readOnly: boolean;
  /** The URI that the daemon there is to open. */
  readonly name: string;
  /** The daemon's socket there, for a machine without the helper. */
  readonly socket: string;
  /** The URI means a daemon that the user runs: only the helper knows its socket. */
  readonly ofUser: boolean;
  readonly params: ReadonlyMap<string, string>;
}

/** The command line of the ssh client. Fails with `INVALID_ARG`. */
export function sshArgv(request: SshRequest): string[] {
  const { host, port, user, params } = request;
  const keyfile = params.get("keyfile");
  return [
    params.get("command") ?? "ssh",
    ...(port === undefined ? [] : ["-p", `${port}`]),
    ...(user === undefined ? [] : ["-l", user]),
    ...(keyfile === undefined ? [] : ["-i", keyfile]),
    ...["-T", "-e", "none"],
    ...(isSet(params, "no_tty") ? ["-o", "BatchMode=yes"] : []),
    ...(isSet(params, "no_verify") ? ["-o", "StrictHostKeyChecking=no"] : []),
    "--",
    host,
    `sh -c ${shellWord(remoteCommand(request))}`,
  ];
}

/**
 * The command at the other end: `virt-ssh-helper`, which finds the daemon's socket by itself, or `nc` with the socket's path.
 * A path that the URI gives means the latter, because the helper takes none.
 */
function remoteCommand({ name, socket, readOnly, ofUser, params }: SshRequest): string {
  const netcat = params.get("netcat");
  const byDefault = params.has("socket") ? "netcat" : ofUser ? "native" : "auto";
  const proxy = params.get("proxy") ?? byDefault;
  if (proxy === "native" && netcat !== undefined) throw invalid("netcat path not valid with native proxy mode");
  const helper = `virt-ssh-helper ${readOnly ? "-r " : ""}${shellWord(name)}`;
  if (proxy === "native") return helper;
  const byNetcat = netcatCommand(netcat ?? "nc", socket);
  if (proxy === "netcat" || netcat !== undefined) return byNetcat;
  return `if command -v virt-ssh-helper >/dev/null 2>&1; then ${helper}; else ${byNetcat}; fi`;
}

/** Some kinds of nc have to be told to end with their input, others do not know how to be told. */
function netcatCommand(netcat: string, socket: string): string {
  const nc = shellWord(netcat);
  return `if ${nc} -q 2>&1 | grep "requires an argument" >/dev/null; then q=-q0; else q=; fi; ${nc} $q -U ${shellWord(socket)}`;
}
