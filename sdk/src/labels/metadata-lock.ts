import { type HostServices, type Log, VirtError } from "@polyvisor/core";

interface Asker {
  readonly services?: HostServices | undefined;
  readonly log: Log;
}

/**
 * Does something while the lock manager keeps others from changing labels of these files, where it has such locks. What
 * `must` have them fails without them; what `may` goes on, since byte 1 of each file is locked besides.
 */
export async function withMetadataLock<T>(
  { services, log }: Asker,
  paths: readonly string[],
  need: "must" | "may",
  limit: number,
  work: () => Promise<T>,
): Promise<T> {
  const manager = paths.length === 0 ? undefined : await services?.connect("lock.v1");
  if (manager === undefined) return work();
  let token: string | undefined;
  try {
    const asked = manager.lockMetadata({ paths: [...paths].sort(byBytes) });
    token = await withDeadline(asked, limit, (late) => manager.unlockMetadata({ token: late }));
  } catch (error) {
    const isLacking = error instanceof VirtError && error.code === "NO_SUPPORT";
    if (!isLacking && need === "must") throw error;
    if (!isLacking) log.warn({ err: error }, "labels are put back without the lock manager's locks");
  }
  try {
    return await work();
  } finally {
    if (token !== undefined) {
      manager.unlockMetadata({ token }).catch((error: unknown) => {
        log.warn({ err: error }, "the lock manager keeps locks of labels");
      });
    }
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** An answer that comes too late is given to `undo`. */
function withDeadline<T>(promise: Promise<T>, limit: number, undo: (late: T) => Promise<unknown>): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(
        new VirtError("OPERATION_TIMEOUT", `the lock manager did not lock labels within ${limit / 1000} s`, {
          domain: "SECURITY",
          hint: "see whether its daemon hangs",
        }),
      );
    }, limit);
    promise.then(
      (answer) => {
        clearTimeout(timer);
        if (isLate) undo(answer).catch(() => {});
        else resolve(answer);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
