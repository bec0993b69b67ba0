import { join } from "node:path";
import { defaultPaths, formatUri, type HostInfo, type Uri, VirtError } from "@polyvisor/core";

/** Where a URI leads, worked out before anything is opened. */
export interface Target {
  /** What the daemon is asked to open; empty where it is to choose. */
  readonly name: string;
  /** The sockets to try, in this order, until a daemon answers. */
  readonly sockets: readonly string[];
}

/** What besides the URI decides where it leads. */
export interface Surroundings {
  readonly info: HostInfo;
  readonly readOnly: boolean;
  readonly uid: number;
  readonly env: NodeJS.ProcessEnv;
}

const TRANSPORTS = ["tls", "unix", "ssh", "ext", "tcp", "libssh2", "libssh"];

type Check = (value: string) => boolean;
const anything: Check = () => true;
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value);
const integer: Check = (value) => /^\s*[+-]?\d+$/.test(value);

/** Parameters that are for the client alone; the daemon gets all others. Their names have no case. */
const CLIENT_PARAMS: ReadonlyMap<string, { readonly isValid: Check; readonly words: string }> = new Map([
  ...["name", "command", "socket", "auth", "sshauth", "netcat", "keyfile", "pkipath", "authfile"].map(
    (name) => [name, { isValid: anything, words: "" }] as const,
  ),
  ...["known_hosts", "known_hosts_verify", "tls_priority"].map(
    (name) => [name, { isValid: anything, words: "" }] as const,
  ),
  ...["no_sanity", "no_verify", "no_tty"].map(
    (name) => [name, { isValid: integer, words: `Failed to parse value of URI component ${name}` }] as const,
  ),
  ["mode", { isValid: oneOf("auto", "legacy", "direct"), words: "Unknown remote mode '%s'" }],
  ["proxy", { isValid: oneOf("auto", "netcat", "native"), words: "Unnkown proxy type '%s'" }],
]);

/** Reads a URI as libvirt's client does. Fails with `INVALID_ARG`, or `SYSTEM_ERROR` for a transport that is not here. */
export function targetOf(uri: Uri, around: Surroundings): Target {
  checkTransport(uri);
  const own = clientParams(uri);
  const socket = own.get("socket");
  return {
    name: own.get("name") ?? remoteName(uri),
    sockets: socket === undefined ? defaultSockets(uri, own.get("mode") ?? "auto", around) : [socket],
  };
}

function checkTransport(uri: Uri): void {
  const transport = uri.transport ?? (uri.server === undefined ? "unix" : "tls");
  if (!TRANSPORTS.includes(transport))
    throw invalid("remote_open: transport in URL not recognised (should be tls|unix|ssh|ext|tcp|libssh2|libssh)");
  if (transport !== "unix")
    throw new VirtError("SYSTEM_ERROR", `${transport} transport support was not enabled: Function not implemented`, {
      domain: "REMOTE",
      hint: `only unix sockets can be reached: forward the daemon's socket to this machine and use ${uri.scheme}+unix`,
    });
  if (uri.server !== undefined) throw invalid(`using unix socket and remote server '${uri.server}' is not supported.`);
}

/** The last of several values counts. */
function clientParams(uri: Uri): Map<string, string> {
  const own = new Map<string, string>();
  for (const [name, value] of uri.params) {
    const param = CLIENT_PARAMS.get(name.toLowerCase());
    if (param === undefined) continue;
    if (!param.isValid(value)) throw invalid(param.words.replace("%s", () => value));
    own.set(name.toLowerCase(), value);
  }
  return own;
}

/** The URI as the daemon opens it: without the way that leads to it. */
function remoteName(uri: Uri): string {
  if (uri.scheme === "remote") return "";
  const params = uri.params.filter(([name]) => !CLIENT_PARAMS.has(name.toLowerCase()));
  return formatUri({ ...uri, transport: undefined, user: undefined, server: undefined, port: undefined, params });
}

/** Polyvisor's own daemon first, then libvirt's, first the one for everything and then the one for the scheme. */
function defaultSockets(uri: Uri, mode: string, around: Surroundings): string[] {
  const ofUser = around.uid > 0 && (uri.path === "/session" || uri.scheme === "test" || uri.scheme === "remote");
  const kind = ofUser ? "session" : "system";
  const { run } = kind === around.info.mode ? around.info.paths : defaultPaths(kind, around.env);
  const libvirt = ofUser ? libvirtUserFolder(around.env) : "/run/libvirt";
  const suffix = around.readOnly && !ofUser ? "sock-ro" : "sock";
  const ofScheme = uri.scheme === "remote" ? [] : [join(libvirt, `virt${uri.scheme}d-${suffix}`)];
  const ofAll = [join(run, `libvirt-${suffix}`), join(libvirt, `libvirt-${suffix}`)];
  if (mode === "legacy") return ofAll;
  if (mode === "auto") return [...ofAll, ...ofScheme];
  if (ofScheme.length === 0)
    throw new VirtError("OPERATION_UNSUPPORTED", "Cannot use direct socket mode if no URI is set", {
      domain: "REMOTE",
    });
  return ofScheme;
}

function libvirtUserFolder(env: NodeJS.ProcessEnv): string {
  return env.XDG_RUNTIME_DIR === undefined
    ? join(env.XDG_CACHE_HOME ?? join(env.HOME ?? "/", ".cache"), "libvirt")
    : join(env.XDG_RUNTIME_DIR, "libvirt");
}

function invalid(detail: string): VirtError {
  return new VirtError("INVALID_ARG", detail, { domain: "REMOTE" });
}
