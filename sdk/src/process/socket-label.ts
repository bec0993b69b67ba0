import { readFileSync, writeFileSync } from "node:fs";

/** The kernel's, of the thread that asks: what its new sockets bear. */
const ATTRIBUTE = "/proc/thread-self/attr/sockcreate";
const NONE = "\n";

/**
 * Makes sockets that bear an SELinux context; with an empty one they bear the process's. `make` has made them when it returns:
 * nobody else's socket is made meanwhile. A host that only logs goes on without. Fails with Node's own errors.
 */
export function withSocketLabel<T>(context: string, make: () => T): T {
  if (context === "") return make();
  if (!hasSet(context)) return make();
  try {
    return make();
  } finally {
    writeFileSync(ATTRIBUTE, NONE);
  }
}

function hasSet(context: string): boolean {
  try {
    writeFileSync(ATTRIBUTE, context);
    return true;
  } catch (error) {
    if (isEnforced()) throw error;
    return false;
  }
}

function isEnforced(): boolean {
  try {
    return readFileSync("/sys/fs/selinux/enforce", "utf8").trim() === "1";
  } catch {
    return false;
  }
}
