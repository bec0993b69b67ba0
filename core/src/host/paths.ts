import { homedir } from "node:os";
import { join } from "node:path";
import type { HostInfo, HostPaths } from "../contracts/services.js";

/** Polyvisor's own folders: the system's for root, those of the XDG specification for a user. */
export function defaultPaths(mode: HostInfo["mode"], env: NodeJS.ProcessEnv = process.env): HostPaths {
  if (mode === "system") return layout("", "polyvisor");
  const config = env.XDG_CONFIG_HOME ?? join(homedir(), ".config");
  const cache = env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const data = env.XDG_DATA_HOME ?? join(homedir(), ".local", "share");
  const run = env.XDG_RUNTIME_DIR ?? join(cache, "polyvisor", "run");
  return {
    config: join(config, "polyvisor"),
    lib: join(data, "polyvisor"),
    run: join(run, "polyvisor"),
    log: join(cache, "polyvisor", "log"),
    cache: join(cache, "polyvisor"),
  };
}

/** libvirt's layout below a folder: what `--root` gives. */
export function rootPaths(root: string): HostPaths {
  return layout(root, "libvirt");
}

function layout(root: string, name: string): HostPaths {
  return {
    config: join(root, "/etc", name),
    lib: join(root, "/var/lib", name),
    run: join(root, "/run", name),
    log: join(root, "/var/log", name),
    cache: join(root, "/var/cache", name),
  };
}
