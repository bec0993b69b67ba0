import { open as openCallback } from "node:fs";
import { promisify } from "node:util";
import { closeAll, Descriptor } from "@polyvisor/core";

const openFile = promisify(openCallback);

/** In the order in which one enters them: a network that was made for the container is the host's, whose rights end with `user`. */
const NAMESPACES = ["net", "user", "ipc", "uts", "pid", "mnt"];

/** Descriptors of the namespaces of a container's init. Fails with `SYSTEM_ERROR` where it has just ended. */
export async function openNamespaces(pid: number): Promise<readonly Descriptor[]> {
  const opened: Descriptor[] = [];
  try {
    for (const name of NAMESPACES) opened.push(new Descriptor(await openFile(`/proc/${pid}/ns/${name}`, "r")));
    return opened;
  } catch (error) {
    closeAll(opened);
    throw error;
  }
}
