import { readFile } from "node:fs/promises";
import { VirtError } from "@polyvisor/core";
import { runHelper, shellWord } from "@polyvisor/sdk/process";

/** What was seen of a folder that is to be a container's root. */
export interface RootFacts {
  /** Without symbolic links. */
  readonly path: string;
  /** Whether it, or a layer of it where it is the top of an overlay, is the daemon's root or that of the host's first process. */
  readonly isHosts: boolean;
  /** The last line of what was told inside of it. */
  readonly inside: string;
}

/** A command that tells whether `$1` is a root of the host's; the first process' may not be looked at everywhere. */
const IS_HOSTS = '[ "$1" -ef / ] || [ "$1" -ef /proc/1/root/ ]';

/**
 * Commands of a shell that look at a folder and tell on descriptor 3 what they see: a word, and the path or what is wrong. No
 * program is needed for it. The folder may be on any file system, and whoever runs them may hang there. `inside` are commands
 * that follow in the folder, and tell one line more.
 */
export function looksAt(folder: string, inside: string): string {
  const word = shellWord(folder);
  return [
    `if cd -P -- ${word} 2>/dev/null; then`,
    `  set -- . "$@"; if ${IS_HOSTS}; then echo hosts >&3; else echo own >&3; fi; shift`,
    `  printf '%s\\n' "$PWD" >&3`,
    inside,
    "  cd /",
    `elif [ -d ${word} ]; then printf 'failed\\nPermission denied\\n' >&3`,
    `elif [ -e ${word} ]; then printf 'failed\\nNot a directory\\n' >&3`,
    `else printf 'failed\\nNo such file or directory\\n' >&3; fi`,
  ].join("\n");
}

/** What those commands have told; `folder` is for the error where it cannot be looked at. */
export async function rootFacts(folder: string, told: string): Promise<RootFacts> {
  const end = told.indexOf("\n");
  const [kind, others] = [told.slice(0, end), told.slice(end + 1).replace(/\n$/, "")];
  if (kind !== "own" && kind !== "hosts") {
    throw new VirtError("SYSTEM_ERROR", `Failed to access '${folder}': ${others}`, {
      domain: "LXC",
      hint: "the source of the file system for '/' is a folder of the host with the container's files",
    });
  }
  const last = others.lastIndexOf("\n");
  const [path, inside] = [others.slice(0, last), others.slice(last + 1)];
  if (kind === "hosts") return { path, isHosts: true, inside };
  const layers = overlayLayers(await readFile("/proc/self/mountinfo", "utf8"), path);
  return { path, isHosts: layers.length > 0 && (await someIsHosts(layers)), inside };
}

/** Looks in a helper: layers may be on any file system. */
async function someIsHosts(folders: readonly string[]): Promise<boolean> {
  const script = `for each; do set -- "$each"; if ${IS_HOSTS}; then exit 0; fi; done; exit 1`;
  return (await runHelper(["/bin/sh", "-c", script, "sh", ...folders])).status === 0;
}

/** The folders that an overlay shows, where `path` is its top; `mountinfo` as the kernel writes it. */
export function overlayLayers(mountinfo: string, path: string): string[] {
  const line = mountinfo
    .split("\n")
    .filter((each) => unescaped(each.split(" ")[4] ?? "") === path)
    .at(-1);
  const [before = "", after = ""] = line?.split(" - ") ?? [];
  const [type, , options = ""] = after.split(" ");
  if (type !== "overlay" || before.split(" ")[3] !== "/") return [];
  return options
    .split(",")
    .flatMap((option) => /^(?:lowerdir|upperdir)=(.*)$/.exec(option)?.[1]?.split(/(?<!\\):/) ?? [])
    .filter((layer) => layer !== "")
    .map(unescaped);
}

/** The kernel writes blanks and the like as three octal digits. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
