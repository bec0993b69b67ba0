import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { defaultPaths, type HostInfo, type HostPaths, rootPaths } from "@polyvisor/core";
import type { Options } from "./options.js";

/** Where one daemon keeps everything that is its own. Every path is absolute. */
export interface Locations {
  readonly paths: HostPaths;
  readonly configFile: string;
  readonly pidFile: string;
  /** Whether there is a socket for clients that only look. A user's own daemon serves that user alone. */
  readonly hasReadOnlySocket: boolean;
  /** Where certificates are looked for unless the settings name others. */
  readonly certificates: CertificatePaths;
}

export interface CertificatePaths {
  readonly ca: string;
  /** Read where it is there. */
  readonly crl: string;
  readonly cert: string;
  readonly key: string;
}

/** Works out the places from the command line: below `--root`, libvirt's own, or Polyvisor's own. */
export function locationsOf(options: Options, mode: HostInfo["mode"], env: NodeJS.ProcessEnv = process.env): Locations {
  const name = options.asLibvirt ? "libvirtd" : "polyvisord";
  const paths = pathsOf(options, mode, env);
  const ofSystem = options.root !== undefined || mode === "system";
  return {
    paths,
    configFile: options.config ?? join(paths.config, `${name}.conf`),
    pidFile: join(ofSystem ? dirname(paths.run) : paths.run, `${name}.pid`),
    hasReadOnlySocket: ofSystem,
    certificates: ofSystem ? systemCertificates(join(dirname(paths.config), "pki")) : userCertificates(),
  };
}

function pathsOf(options: Options, mode: HostInfo["mode"], env: NodeJS.ProcessEnv): HostPaths {
  if (options.root !== undefined) return rootPaths(options.root);
  if (!options.asLibvirt) return defaultPaths(mode, env);
  return mode === "system" ? rootPaths("/") : libvirtSessionPaths(env);
}

function systemCertificates(folder: string): CertificatePaths {
  return {
    ca: join(folder, "CA/cacert.pem"),
    crl: join(folder, "CA/cacrl.pem"),
    cert: join(folder, "libvirt/servercert.pem"),
    key: join(folder, "libvirt/private/serverkey.pem"),
  };
}

function userCertificates(): CertificatePaths {
  const folder = join(homedir(), ".pki/libvirt");
  return {
    ca: join(folder, "cacert.pem"),
    crl: join(folder, "cacrl.pem"),
    cert: join(folder, "servercert.pem"),
    key: join(folder, "serverkey.pem"),
  };
}

/** The folders of a libvirtd that a user runs. */
function libvirtSessionPaths(env: NodeJS.ProcessEnv): HostPaths {
  const config = join(env.XDG_CONFIG_HOME ?? join(homedir(), ".config"), "libvirt");
  const cache = join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "libvirt");
  const data = join(env.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "libvirt");
  const run = env.XDG_RUNTIME_DIR === undefined ? cache : join(env.XDG_RUNTIME_DIR, "libvirt");
  return { config, lib: data, run, log: join(cache, "log"), cache };
}
