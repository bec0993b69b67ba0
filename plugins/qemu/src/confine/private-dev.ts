import { chmod, lchown, readFile, readlink, stat, symlink, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HostNode } from "@polyvisor/sdk/cgroup";
import { makeNode, runHelper, shellWord } from "@polyvisor/sdk/process";
import { makeFolders } from "@polyvisor/sdk/store";

/** Room for nodes and links, so that nobody can fill the host's memory there. */
const TMPFS = "nosuid,noexec,mode=755,size=65536";
const HELPER_DEADLINE = 10_000;

/**
 * The new /dev as a table of mounts, for a mount namespace that is a process's own. `stage` is a folder in which it is put
 * together; `kept` are the mounts in the host's /dev that are kept as they are.
 */
export function devMounts(stage: string, kept: readonly string[]): string {
  const at = escaped(stage);
  const lines = [
    `polyvisor-dev ${at} tmpfs ${TMPFS} 0 0`,
    ...kept.map((mount) => `${mount} ${at}${mount.slice("/dev".length)} none rbind,X-mount.mkdir 0 0`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Commands that put the new, empty /dev into the place of the host's. The host's is let go of, so that nobody finds it
 * below. `table` is the file with the mounts.
 */
export function devSetUp(stage: string, table: string): string {
  const mounts = `mount -n -a -T ${shellWord(table)} && umount -n -l /dev && mount -n --move ${shellWord(stage)} /dev`;
  return `${mounts} || { echo "polyvisor: SYSTEM_ERROR: cannot set up the guest's own /dev: its log says why (namespaces = [] does without)" >&2; exit 125; }`;
}

/** As a table of mounts writes a path. */
function escaped(path: string): string {
  return path.replace(/[\\\s#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

/**
 * The folders in the host's /dev on which something else is mounted, without those below another one. As
 * `/proc/self/mountinfo` and tables of mounts write them.
 */
export async function mountsInDev(): Promise<string[]> {
  const points = parseMountsInDev(await readFile("/proc/self/mountinfo", "utf8"));
  const folders = await Promise.all(
    points.map(async (point) => (await stat(point).catch(() => undefined))?.isDirectory()),
  );
  return points.filter((_, at) => folders[at] === true);
}

export function parseMountsInDev(mountinfo: string): string[] {
  const points = mountinfo.split("\n").map((line) => line.split(" ")[4] ?? "");
  const inside = [...new Set(points.filter((point) => point.startsWith("/dev/")))];
  return inside.filter((point) => !inside.some((other) => point.startsWith(`${other}/`)));
}

/**
 * Whether a process has a /dev of its own, that we have made: one that has left our user namespace may have made another,
 * whose links lead anywhere.
 */
export async function hasOwnDev(pid: number): Promise<boolean> {
  const names = ["mnt", "user"];
  const ours = await Promise.all(names.map((name) => readlink(`/proc/self/ns/${name}`)));
  // One that has ended needs nothing any more.
  const its = await Promise.all(names.map((name) => readlink(`/proc/${pid}/ns/${name}`))).catch(() => ours);
  return its[0] !== ours[0] && its[1] === ours[1];
}

/** Makes devices of the host, and the links to them, in the /dev of a process. Nothing there is written by anybody else. */
export async function addNodes(pid: number, found: readonly HostNode[]): Promise<void> {
  const nodes = new Map(found.map((node) => [node.path, node]));
  const links = new Map(found.flatMap((node) => node.links).map(({ path, target }) => [path, target]));
  await Promise.all([
    ...[...nodes.values()].filter(isInDev).map((node) => addNode(pid, node)),
    ...[...links].map(([path, target]) => isInDev({ path }) && placed(pid, path, (inside) => symlink(target, inside))),
  ]);
}

function isInDev({ path }: { readonly path: string }): boolean {
  return path.startsWith("/dev/");
}

async function addNode(pid: number, node: HostNode): Promise<void> {
  const inside = await placed(pid, node.path, (path) => makeNode(path, node.mode, node.rdev));
  await lchown(inside, node.uid, node.gid);
  await chmod(inside, node.mode & 0o7777);
  await copyContext(node.path, inside);
}

/** Takes a device away again; its links stay and lead nowhere. */
export async function removeNode(pid: number, node: HostNode): Promise<void> {
  if (!isInDev(node)) return;
  await unlink(seenFrom(pid, node.path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

async function placed(pid: number, path: string, make: (inside: string) => unknown): Promise<string> {
  const inside = seenFrom(pid, path);
  await makeFolders(dirname(inside), 0o755);
  await unlink(inside).catch(() => {});
  await make(inside);
  return inside;
}

function seenFrom(pid: number, path: string): string {
  return join(`/proc/${pid}/root`, path);
}

/** SELinux's label of a node, where there is SELinux. */
async function copyContext(from: string, to: string): Promise<void> {
  const hasSelinux = await stat("/sys/fs/selinux/enforce").catch(() => undefined);
  if (hasSelinux === undefined) return;
  await runHelper(["/bin/sh", "-c", 'exec chcon --reference="$1" -- "$2"', "sh", from, to], {
    deadline: HELPER_DEADLINE,
    maxOutput: 4096,
  });
}
