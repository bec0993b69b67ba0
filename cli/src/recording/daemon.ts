import { access } from "node:fs/promises";
import { defaultPaths, formatUri, parseUri, type Uri, uriParam } from "@polyvisor/core";
import { daemonSockets, isWayParam } from "@polyvisor/sdk/rpc";
import { UsageError } from "../errors.js";

/** A daemon of this machine, and what is opened there. */
export interface Daemon {
  /** The path of its socket. */
  readonly socket: string;
  /** The URI as the daemon gets it; `null` for the daemon's choice. */
  readonly name: string | null;
}

/** Throws a `UsageError` where a URI does not lead to a unix socket. */
export async function daemonBehind(text: string, readOnly: boolean): Promise<Daemon> {
  const uri = parseUri(text);
  if (uri.server !== undefined || (uri.transport ?? "unix") !== "unix")
    throw new UsageError(`${text} does not lead to a unix socket of this machine`);
  return { socket: uriParam(uri, "socket") ?? (await firstSocket(uri, readOnly)), name: nameOf(uri) };
}

/** The URI that leads to the same through another socket. */
export function uriThrough(socket: string, text: string): string {
  const uri = parseUri(text);
  const others = uri.params.filter(([name]) => !isWayParam(name));
  return formatUri({ ...uri, transport: "unix", params: [...others, ["socket", socket]] });
}

async function firstSocket(uri: Uri, readOnly: boolean): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const mode = uid === 0 ? "system" : "session";
  const info = { mode, paths: defaultPaths(mode) } as const;
  const paths = daemonSockets(uri, "auto", { info, readOnly, uid, env: process.env });
  for (const path of paths)
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  return paths[0] as string;
}

function nameOf(uri: Uri): string | null {
  if (uri.scheme === "remote") return null;
  return formatUri({ ...uri, transport: undefined, params: uri.params.filter(([name]) => !isWayParam(name)) });
}
