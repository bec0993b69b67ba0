import { constants } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { dirname } from "node:path";
import { SHUTDOWN_FLAG, VirtError } from "@polyvisor/core";
import { closeDescriptor, openPidfd, signalPidfd } from "@polyvisor/sdk/process";
import type { Container } from "./container.js";

export const POWER_FLAGS = SHUTDOWN_FLAG.INITCTL | SHUTDOWN_FLAG.SIGNAL;

/** Where inits listen for a change of the run level. */
const PIPES = ["run/initctl", "dev/initctl", "etc/.initctl"];
const POWEROFF = "0";
const REBOOT = "6";
/** `struct init_request`: magic, command, run level, seconds between signals. */
const REQUEST_BYTES = 384;
const MAGIC = 0x03091969;
const RUN_LEVEL = 1;
const SIGTERM = 15;
const SIGHUP = 1;

export function shutDownContainer(container: Container, flags: number): Promise<void> {
  return ask(container, flags, { level: POWEROFF, signal: SIGTERM });
}

export function rebootContainer(container: Container, flags: number): Promise<void> {
  return ask(container, flags, { level: REBOOT, signal: SIGHUP });
}

/** By the pipe that an init has for it; where there is none, or a signal is asked for, by a signal. */
async function ask(
  { initPid }: Container,
  flags: number,
  { level, signal }: { readonly level: string; readonly signal: number },
): Promise<void> {
  const wantsPipe = flags === 0 || (flags & SHUTDOWN_FLAG.INITCTL) !== 0;
  const wantsSignal = flags === 0 || (flags & SHUTDOWN_FLAG.SIGNAL) !== 0;
  if (wantsPipe && (await changeRunLevel(initPid, level))) return;
  if (!wantsSignal) {
    throw new VirtError("OPERATION_UNSUPPORTED", "Container does not provide an initctl pipe", {
      domain: "LXC",
      hint: "its init may obey a signal: --mode signal",
    });
  }
  signalInit(initPid, signal);
}

/** Does nothing where it has ended. */
export function signalInit(pid: number, signal: number): void {
  let pidfd: number | undefined;
  try {
    pidfd = openPidfd(pid);
    signalPidfd(pidfd, signal);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "ESRCH") throw error;
  } finally {
    if (pidfd !== undefined) closeDescriptor(pidfd);
  }
}

/** Whether an init listens there. No link of the container's is followed: it could lead out of it. */
async function changeRunLevel(initPid: number, level: string): Promise<boolean> {
  const root = `/proc/${initPid}/root`;
  const pipe = await pipeIn(root);
  if (pipe === undefined) return false;
  try {
    const handle = await open(pipe, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      if (!(await handle.stat()).isFIFO()) return false;
      await handle.write(runLevelRequest(level));
      return true;
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Nobody reads there.
    if ((error as NodeJS.ErrnoException).code === "ENXIO") return false;
    throw error;
  }
}

async function pipeIn(root: string): Promise<string | undefined> {
  for (const path of PIPES) {
    const [folder, pipe] = await Promise.all([lstatOf(`${root}/${dirname(path)}`), lstatOf(`${root}/${path}`)]);
    if (folder?.isDirectory() && pipe?.isFIFO()) return `${root}/${path}`;
  }
  return undefined;
}

function lstatOf(path: string) {
  return lstat(path).catch(() => undefined);
}

function runLevelRequest(level: string): Buffer {
  const words = new Uint32Array(REQUEST_BYTES / 4);
  words.set([MAGIC, RUN_LEVEL, level.charCodeAt(0), 0]);
  return Buffer.from(words.buffer);
}
