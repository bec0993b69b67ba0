import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type HostInfo, rootPaths } from "@polyvisor/core";
import { ApparmorHost } from "../apparmor-host.js";
import { type ApparmorConfig, ApparmorDriver } from "../driver.js";
import { ProfileParser } from "../parser.js";

/** A stand-in for a host whose kernel has AppArmor: files where the kernel's would be, and a parser that keeps its list. */
export interface StandInKernel {
  readonly root: string;
  readonly driver: ApparmorDriver;
  /** Another driver, as after a restart. */
  again(config?: Partial<ApparmorConfig>): ApparmorDriver;
  /** Puts a file below the root. */
  put(path: string, text: string): Promise<void>;
  take(path: string): Promise<void>;
  close(): Promise<void>;
}

export interface StandInOptions {
  readonly mode?: HostInfo["mode"];
  /** A program in place of the parser; else one that takes any profile. */
  readonly parser?: string;
  /** What the real parser is asked first, which compiles and loads nothing. */
  readonly compiles?: boolean;
}

/** Loads nothing: keeps the list of profiles as the kernel would. The last argument is the profile's file. */
const PARSER = (list: string, compiles: boolean) => `#!/bin/sh
for last; do :; done
${compiles ? 'apparmor_parser --skip-kernel-load --skip-cache --quiet "$last" || exit' : ""}
name=\${last##*/}
grep -vF "$name (" ${list} > ${list}.new
case $1 in --replace) echo "$name (enforce)" >> ${list}.new ;; esac
case $1 in --names) ;; *) cat ${list}.new > ${list} ;; esac
`;

export async function standInKernel(options: StandInOptions = {}): Promise<StandInKernel> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-apparmor-"));
  const at = (path: string) => join(root, path);
  const put = async (path: string, text: string) => {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), text);
  };
  const list = at("sys/kernel/security/apparmor/profiles");
  await put("sys/kernel/security/apparmor/profiles", "site-profile (enforce)\nlenient (complain)\n");
  await put("sys/module/apparmor/parameters/enabled", "Y\n");
  await put("proc/self/attr/current", "unconfined\n");
  await put("parser", PARSER(list, options.compiles ?? false));
  await chmod(at("parser"), 0o755);
  const again = (config: Partial<ApparmorConfig> = {}) =>
    new ApparmorDriver(
      { mode: options.mode ?? "system", paths: rootPaths(root) },
      { profile_dir: "", emulators: [], ...config },
      { kernel: new ApparmorHost(root), parser: new ProfileParser(options.parser ?? at("parser")) },
    );
  return {
    root,
    driver: again(),
    again,
    put,
    take: (path) => rm(at(path), { recursive: true, force: true }),
    close: () => rm(root, { recursive: true, force: true }),
  };
}
