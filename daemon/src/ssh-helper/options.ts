import { join, resolve } from "node:path";
import { defaultPaths, type HostInfo, parseUri, rootPaths } from "@polyvisor/core";
import { daemonSockets } from "@polyvisor/sdk/rpc";
import { cac } from "cac";
import { UsageError } from "../startup/options.js";

export { UsageError };

/** What the client at the other end asks for. */
export interface Request {
  /** The sockets to try, in this order, until a daemon answers. */
  readonly sockets: readonly string[];
}

/** Reads `process.argv`; `undefined` once help or version has been printed. Throws a `UsageError`, or `INVALID_ARG` for the URI. */
export function readCommandLine(
  argv: readonly string[],
  version: string,
  env: NodeJS.ProcessEnv = process.env,
): Request | undefined {
  const cli = cac("virt-ssh-helper");
  cli
    .command("<uri>", "Carry a connection to the daemon that the URI means on standard input and output")
    .option("-r, --readonly", "Connect to the socket for clients that only look")
    .option("--root <dir>", "The daemon was started with this --root")
    .action(() => {});
  cli.help();
  cli.version(version, "-V, --version");
  try {
    const { args, options } = cli.parse([...argv], { run: false });
    if (options.help === true || options.version === true) return undefined;
    if (args.length !== 1) throw new Error(args.length === 0 ? "a URI is expected" : "one URI is expected");
    return { sockets: socketsFor(String(args[0]), options.readonly === true, options.root, env) };
  } catch (error) {
    throw error instanceof Error && error.name === "VirtError" ? error : new UsageError((error as Error).message);
  }
}

/** A client that leaves the choice to the daemon gives no URI at all. */
function socketsFor(uri: string, readOnly: boolean, root: unknown, env: NodeJS.ProcessEnv): readonly string[] {
  if (root !== undefined)
    return [join(rootPaths(resolve(String(root))).run, readOnly ? "libvirt-sock-ro" : "libvirt-sock")];
  const uid = process.getuid?.() ?? 0;
  const mode: HostInfo["mode"] = uid === 0 ? "system" : "session";
  const info: HostInfo = { mode, paths: defaultPaths(mode, env) };
  return daemonSockets(parseUri(uri === "" ? "remote:///" : uri), "auto", { info, readOnly, uid, env });
}
