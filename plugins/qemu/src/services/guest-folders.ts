import { chmod, chown, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Hypervisor } from "../hypervisor.js";
import { makePassage } from "../state/folders.js";
import { expectedUser } from "./labels.js";

const given = new WeakMap<Hypervisor, Promise<void>>();

/**
 * Gives the folders in which guests have theirs to whom guests usually run as, once in a daemon's life, as libvirtd does when it
 * starts: both may serve the same folders by turns. Called before a guest's own folders are made. A guest can do without,
 * unless it cannot pass: then its start tells.
 */
export function giveFolders(hypervisor: Hypervisor): Promise<void> {
  let done = given.get(hypervisor);
  if (done === undefined) {
    done = give(hypervisor).catch((error: unknown) => {
      hypervisor.log.warn({ err: error }, "the folders of guests cannot be given to their user");
    });
    given.set(hypervisor, done);
  }
  return done;
}

async function give(hypervisor: Hypervisor): Promise<void> {
  const user = await expectedUser(hypervisor);
  if (user === undefined) return;
  const { layout } = hypervisor;
  const { lib, save, snapshots, dump, channels, nvram, memory } = layout;
  for (const folder of [lib, save, snapshots, dump, dirname(channels), channels, nvram, memory]) {
    await makePassage(folder);
    const { mode, uid, gid } = await stat(folder);
    if (uid !== user.uid || gid !== user.gid) await chown(folder, user.uid, user.gid);
    if (folder !== lib) await chmod(folder, (mode & 0o7777) | 0o111);
  }
}
