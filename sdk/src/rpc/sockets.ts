import { join } from "node:path";
import { defaultPaths, type HostInfo, type Uri, VirtError } from "@polyvisor/core";

/** What besides the URI decides where a daemon of this machine listens. */
export interface Surroundings {
  readonly info: HostInfo;
  readonly readOnly: boolean;
  readonly uid: number;
  readonly env: NodeJS.ProcessEnv;
}

/** Which daemon of libvirt is meant: the one for everything (`legacy`), the one of the scheme (`direct`), or any. */
export type DaemonMode = "auto" | "legacy" | "direct";

/** Whether a URI means a daemon that a user runs, and not the system's. */
export function isOfUser(uri: Uri, uid: number): boolean {
  return uid > 0 && (uri.path === "/session" || uri.scheme === "test" || uri.scheme === "remote");
}

/** The sockets to try for a URI: Polyvisor's own daemon first, then libvirt's, first the one for everything and then the one for the scheme. */
export function daemonSockets(uri: Uri, mode: DaemonMode, around: Surroundings): string[] {
  const ofUser = isOfUser(uri, around.uid);
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
