import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type ClientOf, lockProgram, VirtError } from "@polyvisor/core";
import { connectTo, type RpcClient, stubsOf } from "@polyvisor/sdk/rpc";

/** A lock daemon of one test's own. */
export interface TestDaemon {
  readonly process: ChildProcess;
  readonly socket: string;
  /** Ends it without a chance to tidy up. */
  kill(): Promise<void>;
}

export interface LockConnection extends ClientOf<typeof lockProgram.calls> {
  readonly client: RpcClient;
}

const POLYVISOR_LOCKD = fileURLToPath(new URL("../../bin/polyvisor-lockd.js", import.meta.url));
const VIRTLOCKD = "/usr/sbin/virtlockd";

/** The most that anything may take on a busy machine, in milliseconds. */
const REASON_MS = 120_000;

export const GUEST = { uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", name: "guest", id: 1 };

/** Whether libvirt's lock daemon can run with paths of its own. */
export async function hasVirtlockd(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  return access(VIRTLOCKD).then(
    () => true,
    () => false,
  );
}

export async function startPolyvisorLockd(folder: string): Promise<TestDaemon> {
  const child = spawn(process.execPath, [POLYVISOR_LOCKD, "--root", folder], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return whenServing(child, join(folder, "run/libvirt/virtlockd-sock"));
}

/** libvirt's own, as root in a mount namespace where `/run` is below the folder. */
export async function startVirtlockd(folder: string): Promise<TestDaemon> {
  const run = join(folder, "run");
  await mkdir(run, { recursive: true });
  const script = `mount --make-rprivate / && mount --bind '${run}' /run && exec ${VIRTLOCKD} --config /dev/null`;
  const child = spawn("unshare", ["--mount", "sh", "-c", script], { stdio: "ignore" });
  return whenServing(child, join(run, "libvirt/virtlockd-sock"));
}

async function whenServing(child: ChildProcess, socket: string): Promise<TestDaemon> {
  await withinReason("the lock daemon listens", async () => {
    if (child.exitCode !== null) throw new Error(`the lock daemon ended with status ${child.exitCode}`);
    const client = await connectTo({ kind: "unix", path: socket }).catch(() => undefined);
    await client?.close();
    return client !== undefined;
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  return { process: child, socket, kill };
}

export async function connectLocks(socket: string): Promise<LockConnection> {
  const client = await connectTo({ kind: "unix", path: socket });
  return { client, ...stubsOf(client, lockProgram) };
}

/** A connection whose locks are those of a process: as a manager has it that plugs in disks. */
export async function connectFor(socket: string, pid: number): Promise<LockConnection> {
  const connection = await connectLocks(socket);
  await connection.register({ owner: { ...GUEST, pid }, flags: 0 });
  return connection;
}

/** Waits for what must come true. */
export async function withinReason(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + REASON_MS;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`not within ${REASON_MS / 1000} s: ${what}`);
    await delay(20);
  }
}

/** The code of the error that a call ends with; `ok` where it works. */
export function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "ok",
    (error: unknown) => {
      if (error instanceof VirtError) return error.code;
      throw error;
    },
  );
}
