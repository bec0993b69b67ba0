import { type ClientOf, type LockOwner, lockProgram, VirtError } from "@polyvisor/core";
import { type RpcClient, stubsOf } from "@polyvisor/sdk/rpc";

export type LockDaemon = ClientOf<typeof lockProgram.calls>;

/** The way to the daemon. */
export interface DaemonDoor {
  readonly connect: () => Promise<RpcClient>;
}

/** How long the daemon may take for what one call of a manager needs of it, in milliseconds. */
export const DAEMON_DEADLINE = 30_000;

/**
 * Does something with the daemon over a connection of its own. What it does not answer by the deadline fails with
 * `OPERATION_TIMEOUT`: a daemon that hangs holds up nobody for longer.
 */
export async function withDaemon<T>(
  { connect }: DaemonDoor,
  work: (daemon: LockDaemon) => Promise<T>,
  deadline = DAEMON_DEADLINE,
): Promise<T> {
  const client = await connect();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow(deadline)), deadline);
  });
  const done = work(stubsOf(client, lockProgram));
  // It fails once more when the connection is closed.
  done.catch(() => {});
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
    void client.close();
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
