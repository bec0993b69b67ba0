/**
 * What sanlock runs for a guest whose lease is lost: MANAGER_SOCKET URI UUID ACTION PID. sanlock kills a guest
 * that still holds its leases when its time of grace is over, so whatever fails here leaves no guest writing.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type GuestAddress, withGuest } from "./guest.js";

/** How long a daemon may take for one thing, in milliseconds. */
const DEADLINE = 10_000;
const PAUSE_RETRY = 1000;
const RESTART_RETRY = 5000;
/** A daemon that is just being replaced is waited for. sanlock itself waits for 40 s, if not told otherwise. */
const PAUSE_PATIENCE = 30_000;
/** How long a guest waits for its storage before it stays off. */
const RESTART_PATIENCE = 600_000;
const TERM_GRACE = 2000;

async function powerOff(guest: GuestAddress, pid: number): Promise<void> {
  try {
    await withGuest(guest, DEADLINE, (managed) => managed.destroy());
  } catch (error) {
    say(`the daemon does not end the guest (${wordsOf(error)}), so process ${pid} is killed`);
    await endProcess(pid);
  }
}

async function pause(guest: GuestAddress): Promise<void> {
  await persistently(PAUSE_PATIENCE, PAUSE_RETRY, () => withGuest(guest, DEADLINE, (managed) => managed.suspend()));
}

/** It runs again once its leases can be had again. */
async function restart(guest: GuestAddress, pid: number): Promise<void> {
  const xml = await withGuest(guest, DEADLINE, (managed) => managed.transientXml()).catch(() => undefined);
  await powerOff(guest, pid);
  await persistently(RESTART_PATIENCE, RESTART_RETRY, () =>
    withGuest(guest, RESTART_PATIENCE, (managed) => managed.start(xml)),
  );
}

async function persistently(patience: number, retry: number, work: () => Promise<void>): Promise<void> {
  const until = Date.now() + patience;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      say(wordsOf(error));
      if (Date.now() >= until) throw error;
      await delay(retry);
    }
  }
}

async function endProcess(pid: number): Promise<void> {
  if (!(pid > 1)) return;
  if (!signal(pid, "SIGTERM")) return;
  await delay(TERM_GRACE);
  signal(pid, "SIGKILL");
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function say(words: string): void {
  console.error(`polyvisor lost-lease: ${words}`);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function main([socket = "", uri = "", uuid = "", action, pid]: readonly string[]): Promise<void> {
  const guest = { socket, uri, uuid };
  if (action === "poweroff") await powerOff(guest, Number(pid));
  else if (action === "pause") await pause(guest);
  else if (action === "restart") await restart(guest, Number(pid));
  else throw new Error(`unsupported failure action: '${action}'`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  say(wordsOf(error));
  process.exitCode = 1;
});
