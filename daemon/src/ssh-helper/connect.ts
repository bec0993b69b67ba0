import { connect, type Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { getSystemErrorMap } from "node:util";
import { VirtError } from "@polyvisor/core";

/** Connects to the first socket behind which a daemon listens. Fails with `SYSTEM_ERROR` for the first where none does. */
export async function connectFirst(paths: readonly string[]): Promise<Socket> {
  const failures: VirtError[] = [];
  for (const path of paths) {
    try {
      return await connectTo(path);
    } catch (error) {
      failures.push(failed(path, error as NodeJS.ErrnoException));
    }
  }
  throw failures[0];
}

/**
 * Carries bytes both ways until the daemon hangs up. Where the client hangs up first, the daemon is told, and what it still
 * says is carried.
 */
export async function splice(daemon: Socket, input: Readable, output: Writable): Promise<void> {
  input.on("error", () => daemon.end());
  output.on("error", () => daemon.destroy());
  input.pipe(daemon);
  daemon.pipe(output, { end: false });
  await finished(daemon, { writable: false }).catch(() => {});
  daemon.destroy();
  await new Promise((resolve) => output.write("", resolve));
}

function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

function failed(path: string, error: NodeJS.ErrnoException): VirtError {
  const reason = getSystemErrorMap().get(error.errno ?? 0)?.[1] ?? error.message;
  return new VirtError("SYSTEM_ERROR", `Failed to connect socket to '${path}': ${reason}`, {
    domain: "RPC",
    message: `cannot connect to '${path}': ${reason}`,
    hint: "start polyvisord on this machine; for one with --root, let a script of this name on the PATH give the same --root",
  });
}
