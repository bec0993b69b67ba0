import { readFile } from "node:fs/promises";
import { VirtError } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";

/** What was seen of a folder that is to be a container's root, and of the host's own. */
export interface RootFacts {
  /** Without symbolic links. */
  readonly path: string;
  /** Device and inode, as `stat` prints them. */
  readonly identity: string;
  /** The same of each folder that is the host's root: the daemon's, and that of the host's first process. */
  readonly hostRoots: readonly string[];
  /** Identities of the layers where the folder is the top of an overlay. */
  readonly layers: readonly string[];
}

/** The first process' root, which may not be looked at everywhere. */
const FIRST_ROOT = "/proc/1/root/";

/** `$1`: the folder; the others: layers. A folder that hangs ends with the helper's deadline. */
const LOOK = [
  'cd -P -- "$1" || exit 1',
  "pwd -P",
  "shift",
  `exec stat -L -c '%d:%i %n' . / ${FIRST_ROOT} "$@" 2>/dev/null`,
].join("\n");

/** Looks at it in a helper: it may be on any file system. */
export async function inspectRoot(folder: string): Promise<RootFacts> {
  const first = await look(folder, []);
  const layers = overlayLayers(await readFile("/proc/self/mountinfo", "utf8"), first.path);
  return layers.length === 0 ? first : look(first.path, layers);
}

async function look(folder: string, layers: readonly string[]): Promise<RootFacts> {
  const { stdout, stderr } = await runHelper(["/bin/sh", "-c", LOOK, "sh", folder, ...layers]);
  const [path = "", ...lines] = stdout.trimEnd().split("\n");
  const seen = lines.map((line) => ({
    identity: line.split(" ", 1)[0] ?? "",
    name: line.slice(line.indexOf(" ") + 1),
  }));
  const identitiesOf = (isWanted: (name: string) => boolean) =>
    seen.filter(({ name }) => isWanted(name)).map(({ identity }) => identity);
  const [identity] = identitiesOf((name) => name === ".");
  const hostRoots = identitiesOf((name) => name === "/" || name === FIRST_ROOT);
  if (identity === undefined || hostRoots.length === 0) {
    throw new VirtError("SYSTEM_ERROR", `Failed to access '${folder}': ${stderr.trim().split(": ").at(-1) ?? ""}`, {
      domain: "LXC",
      hint: "the source of the file system for '/' is a folder of the host with the container's files",
    });
  }
  return { path, identity, hostRoots, layers: identitiesOf((name) => layers.includes(name)) };
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
