import { setTimeout as delay } from "node:timers/promises";
import { type ClientOf, type LockOwner, lockProgram, VirtError } from "@polyvisor/core";
import { type RpcClient, stubsOf } from "@polyvisor/sdk/rpc";

export type LockDaemon = ClientOf<typeof lockProgram.calls>;

/** The way to the daemon. */
export interface DaemonDoor {
  readonly connect: () => Promise<RpcClient>;
}

/** How long the daemon may take for what one call of a manager needs of it, in milliseconds. */
export const DAEMON_DEADLINE = 30_000;
const LOOK_AGAIN = 50;

/**
 * Does something with the daemon over a connection of its own, and once more over another one where the daemon went
 * meanwhile: `work` may be done in part by then. What is not done by the deadline fails with `OPERATION_TIMEOUT`: a daemon
 * that hangs holds up nobody for longer.
 */
export async function withDaemon<T>(
  door: DaemonDoor,
  work: (daemon: LockDaemon) => Promise<T>,
  deadline = DAEMON_DEADLINE,
): Promise<T> {
  let client = await door.connect();
  const until = performance.now() + deadline;
  for (;;) {
    const outcome = await overOne(client, work, until - performance.now(), deadline);
    if (!outcome.isLost) return outcome.result;
    client = await again(door, until);
  }
}

/** Lost is a connection that ended before all was done. */
type Outcome<T> = { readonly isLost: true } | { readonly isLost: false; readonly result: T };

async function overOne<T>(
  client: RpcClient,
  work: (daemon: LockDaemon) => Promise<T>,
  left: number,
  deadline: number,
): Promise<Outcome<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow(deadline)), Math.max(left, 0));
  });
  let isLost = false;
  void client.closed.then((reason) => {
    isLost = reason !== undefined;
  });
  const done = work(stubsOf(client, lockProgram)).then(
    (result): Outcome<T> => ({ isLost: false, result }),
    async (error: unknown): Promise<Outcome<T>> => {
      // The calls of a lost connection fail a moment before it is known to be closed.
      await new Promise(setImmediate);
      if (isLost) return { isLost };
      throw error;
    },
  );
  // It fails once more when the connection is closed.
  done.catch(() => {});
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
    void client.close();
  }
}

/** A daemon that went is back in a while, started by whoever looks after it. */
async function again(door: DaemonDoor, until: number): Promise<RpcClient> {
  for (;;) {
    try {
      return await door.connect();
    } catch (error) {
      if (performance.now() > until) throw error;
      await delay(LOOK_AGAIN);
    }
  }
}

/** Tells the daemon for whom the leases of this connection are. Those of another process go only with that process. */
export function registerAs(daemon: LockDaemon, { uuid, name, id, pid }: LockOwner): Promise<void> {
  return daemon.register({ owner: { uuid, name, id, pid }, flags: 0 });
}

function tooSlow(deadline: number): VirtError {
  return new VirtError("OPERATION_TIMEOUT", `the lock daemon does not answer within ${deadline / 1000} s`, {
    hint: "look whether it is stopped, or waits for a file system that hangs",
  });
}
