import { type ClientOf, type LockOwner, lockProgram, VirtError } from "@polyvisor/core";
import { RpcClient, stubsOf } from "@polyvisor/sdk/rpc";

export type LockDaemon = ClientOf<typeof lockProgram.calls>;

/** How long the daemon may take for what one call of a manager needs of it, in milliseconds. */
export const DAEMON_DEADLINE = 30_000;

/**
 * Does something with the daemon over a connection of its own. Whatever is not done by the deadline fails with
 * `OPERATION_TIMEOUT`: a daemon that hangs holds up nobody for longer.
 */
export async function withDaemon<T>(
  socket: string,
  work: (daemon: LockDaemon) => Promise<T>,
  deadline = DAEMON_DEADLINE,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow(socket, deadline)), deadline);
  });
  let client: RpcClient | undefined;
  let isLate = false;
  const done = RpcClient.connect(socket).then((connected) => {
    client = connected;
    if (isLate) throw tooSlow(socket, deadline);
    return work(stubsOf(connected, lockProgram));
  });
  try {
    return await Promise.race([done, late]);
  } finally {
    isLate = true;
    clearTimeout(timer);
    done.catch(() => {});
    void (client as RpcClient | undefined)?.close();
  }
}

/** Tells the daemon for whom the leases of this connection are. Those of another process go only with that process. */
export function registerAs(daemon: LockDaemon, { uuid, name, id, pid }: LockOwner): Promise<void> {
  return daemon.register({ owner: { uuid, name, id, pid }, flags: 0 });
}

function tooSlow(socket: string, deadline: number): VirtError {
  return new VirtError(
    "OPERATION_TIMEOUT",
    `the lock daemon at ${socket} does not answer within ${deadline / 1000} s`,
    {
      hint: "look whether it is stopped, or waits for a file system that hangs",
    },
  );
}
