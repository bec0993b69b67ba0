import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type HostInfo, rootPaths } from "@polyvisor/core";
import { ApparmorHost } from "../apparmor-host.js";
import { type ApparmorConfig, ApparmorDriver, type ApparmorParts } from "../driver.js";
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

/** Puts the files of such a kernel, and a parser, below a folder. */
export async function putStandInFiles(root: string, { compiles = false }: StandInOptions = {}): Promise<void> {
  const put = (path: string, text: string) => putFile(join(root, path), text);
  await put("sys/kernel/security/apparmor/profiles", "site-profile (enforce)\nlenient (complain)\n");
  await put("sys/module/apparmor/parameters/enabled", "Y\n");
  await put("proc/self/attr/current", "unconfined\n");
  await put("parser", PARSER(join(root, "sys/kernel/security/apparmor/profiles"), compiles));
  await chmod(join(root, "parser"), 0o755);
}

/** What such a kernel is for the driver. */
export function standInParts(root: string, parser = join(root, "parser")): ApparmorParts {
  return { kernel: new ApparmorHost(root), parser: new ProfileParser(parser) };
}

async function putFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

export async function standInKernel(options: StandInOptions = {}): Promise<StandInKernel> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-apparmor-"));
  await putStandInFiles(root, options);
  const again = (config: Partial<ApparmorConfig> = {}) => {
    const info = { mode: options.mode ?? "system", paths: rootPaths(root) };
    return new ApparmorDriver(info, { profile_dir: "", emulators: [], ...config }, standInParts(root, options.parser));
  };
  return {
    root,
    driver: again(),
    again,
    put: (path, text) => putFile(join(root, path), text),
    take: (path) => rm(join(root, path), { recursive: true, force: true }),
    close: () => rm(root, { recursive: true, force: true }),
  };
}
