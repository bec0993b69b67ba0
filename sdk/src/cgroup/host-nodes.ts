import { lstat, readlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type DeviceAccess, type DeviceRule, deviceNumbers } from "./device-rules.js";

/** A path that may lead to a device of the host, and what the guest does there. */
export interface DeviceNeed {
  readonly path: string;
  readonly access: DeviceAccess;
}

/** A device of the host, and the links in /dev that lead to it. */
export interface HostNode {
  readonly path: string;
  readonly type: "block" | "char";
  readonly major: number;
  readonly minor: number;
  /** `st_mode`, with its type. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly links: readonly { readonly path: string; readonly target: string }[];
}

/** As many links may lead to a file, one to the next. */
const MOST_LINKS = 40;

/** What is at a path: `undefined` where it is no device, or nothing. */
export async function findNode(path: string): Promise<HostNode | undefined> {
  const links: { path: string; target: string }[] = [];
  let at = path;
  while (links.length < MOST_LINKS) {
    const facts = await lstat(at).catch(() => undefined);
    if (facts === undefined) return undefined;
    if (facts.isSymbolicLink()) {
      const target = await readlink(at);
      links.push({ path: at, target });
      at = resolve(dirname(at), target);
      continue;
    }
    if (!facts.isBlockDevice() && !facts.isCharacterDevice()) return undefined;
    const { mode, uid, gid, rdev } = facts;
    const type = facts.isBlockDevice() ? "block" : "char";
    return { path: at, type, ...deviceNumbers(rdev), mode, uid, gid, rdev, links };
  }
  return undefined;
}

/** The devices at the paths, with what may be done there; what is no device is left out. */
export async function findNodes(
  needs: readonly DeviceNeed[],
): Promise<{ readonly node: HostNode; readonly access: DeviceAccess }[]> {
  const found = await Promise.all(needs.map(async ({ path, access }) => ({ node: await findNode(path), access })));
  return found.flatMap(({ node, access }) => (node === undefined ? [] : [{ node, access }]));
}

/** One rule for each device: what one device of the guest needs, another's need does not take away. */
export function rulesFor(nodes: readonly { readonly node: HostNode; readonly access: DeviceAccess }[]): DeviceRule[] {
  const rules = new Map<string, DeviceRule>();
  for (const { node, access } of nodes) {
    const { type, major, minor } = node;
    const key = `${type} ${major}:${minor}`;
    const known = rules.get(key);
    if (known === undefined || known.access.length < access.length) rules.set(key, { type, major, minor, access });
  }
  return [...rules.values()];
}
